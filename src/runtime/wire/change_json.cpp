#include "runtime/wire/change_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace alder::wire {
namespace {

void to_json(json_value& value, const variable_entry& variable) {
  value = {{"name", variable.name}, {"what", variable.what}};
}

void from_json(const json_value& value, variable_entry& variable) {
  take(value, "name", variable.name);
  take(value, "what", variable.what);
}

void to_json(json_value& value, const change_entry& change) {
  value = {{"what", change.what}, {"name", change.name}};
  if (!change.parent.empty()) value["parent"] = change.parent;
  if (!change.details.empty()) value["details"] = change.details;
  for (const auto& variable : change.variables)
    to_json(value["variables"].emplace_back(), variable);
  if (change.needs_restart) value["needs_restart"] = true;
  if (!change.then.empty()) value["then"] = change.then;
}

void from_json(const json_value& value, change_entry& change) {
  take(value, "what", change.what);
  take(value, "name", change.name);
  take(value, "parent", change.parent);
  take(value, "details", change.details);
  take(value, "needs_restart", change.needs_restart);
  take(value, "then", change.then);
  each_in(value, "variables", [&change](const json_value& one) { from_json(one, change.variables.emplace_back()); });
}

} // namespace

std::string changes_json(const difference& found) {
  auto list = json_value::array();
  for (const auto& change : found.changes)
    to_json(list.emplace_back(), change);
  json_value value{
      {"schema", answer_schema}, {"tree", found.tree}, {"state", found.state}, {"changes", std::move(list)}};
  if (!found.refusal.empty()) value["refused"] = found.refusal;
  return written(value);
}

result<difference> read_changes(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  difference found;
  take(*document, "tree", found.tree);
  take(*document, "state", found.state);
  take(*document, "refused", found.refusal);
  each_in(*document, "changes", [&found](const json_value& one) { from_json(one, found.changes.emplace_back()); });
  return found;
}

std::string children_json(const std::vector<child_entry>& children, bool pool) {
  auto list = json_value::array();
  std::size_t active = 0;
  std::size_t supervisors = 0;
  for (const auto& child : children) {
    list.push_back({{"id", child.id},
                    {"type", child.type},
                    {"state", child.state},
                    {"restart", child.restart},
                    {"significant", child.significant}});
    active += child.alive ? 1U : 0U;
    supervisors += child.type == "supervisor" ? 1U : 0U;
  }
  return written({{"schema", answer_schema},
                  {"children", std::move(list)},
                  {"count",
                   {{"specs", pool ? std::size_t{1} : children.size()},
                    {"active", active},
                    {"supervisors", supervisors},
                    {"workers", children.size() - supervisors}}}});
}

} // namespace alder::wire
