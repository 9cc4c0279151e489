#include "actors/http/api_handlers.hpp"

#include "actors/base/runtime.hpp"
#include "actors/http/api_context.hpp"
#include "actors/office/trees.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <charconv>

namespace alder::actors {

wire::problem bad_value(const std::string& what) { return {"bad_request", what, {}, {}}; }

result<std::size_t> number(const api_request& request, const std::string& key, std::size_t otherwise,
                           std::size_t most) {
  const auto text = request.value(key);
  if (text.empty()) return otherwise;
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return error{error_kind::invalid_input, "'" + key + "' takes a number, not '" + text + "'"};
  return std::min(value, most);
}

bool is_set(const api_request& request, const std::string& key) {
  const auto text = request.value(key, "0");
  return text != "0" && text != "false";
}

found_node find_one(const std::string& name, const api_context& context) {
  const auto here = context.shared.nodes.named(name);
  if (here.size() == 1) return {here.front(), {}};
  std::vector<std::string> help;
  if (here.empty()) {
    if (const auto near = nearest(name, context.shared.nodes.names())) help.push_back("did you mean '" + *near + "'?");
    help.push_back("list all services: alder ls");
    return {nullptr, {"no_such_node", "there is no service or supervisor '" + name + "'", help, {}}};
  }
  for (const auto& node : here)
    help.push_back(node->id().text());
  return {nullptr, {"ambiguous", "'" + name + "' is in more than one tree", help, {}}};
}

namespace {

bool matches_any(const std::string& pattern, const api_context& context, const std::set<node_id>& gone) {
  const auto is_match = [&](const node_id& node) { return node.matches(pattern); };
  if (std::any_of(gone.begin(), gone.end(), is_match)) return true;
  for (const auto& [tree, known] : context.trees.trees()) {
    const auto nodes = context.shared.nodes.in_order(tree);
    if (std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
          return node->what == node_snapshot::kind::service && is_match(node->id());
        }))
      return true;
  }
  return false;
}

} // namespace

std::optional<wire::problem> read_filter(const api_request& request, const std::string& key, const api_context& context,
                                         node_filter& filter, const std::set<node_id>& gone) {
  for (const auto& name : request.values(key)) {
    if (context.trees.find(name) != nullptr) {
      filter.trees.insert(name);
      continue;
    }
    if (is_pattern(name)) {
      if (!matches_any(name, context, gone))
        return wire::problem{"no_such_node", "no service matches '" + name + "'", {"all there are: alder ls"}, {}};
      filter.patterns.insert(name);
      continue;
    }
    const auto found = context.shared.nodes.named(name);
    const auto known = filter.nodes.size();
    for (const auto& node : gone)
      if (name == node.tree || node.is_called(name)) filter.nodes.insert(node);
    if (found.empty() && filter.nodes.size() == known) return find_one(name, context).problem;
    for (const auto& node : found)
      filter.nodes.insert(node->id());
  }
  return std::nullopt;
}

std::vector<node_ptr> services_of(node_filter& about, const api_context& context) {
  std::vector<node_ptr> services;
  for (const auto& [tree, known] : context.trees.trees()) {
    for (auto& node : context.shared.nodes.in_order(tree))
      if (node->what == node_snapshot::kind::service && about.covers(context.shared.nodes, tree, node->name))
        services.push_back(std::move(node));
  }
  return services;
}

node_ptr find_supervisor(const api_request& request, const responder& out, const api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) {
    out->refuse(found.problem);
    return nullptr;
  }
  if (found.node->what == node_snapshot::kind::supervisor) return found.node;
  out->refuse(
      {"conflict", "'" + found.node->name + "' is not a supervisor", {"its supervisor is " + found.node->parent}, {}});
  return nullptr;
}

} // namespace alder::actors
