#include "cli/common/screens.hpp"
#include "cli/common/table.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace alder::cli {
namespace {

std::string none() { return "-"; }

std::string state_cell(const look& on, const node_view& node, wall_time now) {
  auto text = std::string{state_mark(on, node.state)} + " " + node.state;
  if (!node.next_attempt) return text;
  const auto left = std::max(milliseconds{0}, *node.next_attempt - now);
  // Another state is that of a service whose supervisor waits.
  return text + (node.state == "backoff" ? " " : ", next try in ") + format_age(left);
}

std::string exit_cell(const node_view& node, wall_time now) {
  if (!node.last_exit) return none();
  return node.last_exit->text + (node.last_exit->at ? ", " + age(*node.last_exit->at, now) + " ago" : "");
}

constexpr int cpu_column = 4; // that of memory follows

/// Processors as people read them: 1 is 100%.
std::string percent(double processors) { return std::to_string(static_cast<long>(processors * 100 + 0.5)) + "%"; }

std::vector<table_cell> row_of(const look& on, const node_view& node, const std::string& name, wall_time now) {
  const bool is_up = node.state == "running" || node.state == "stopping";
  return {{.text = name},
          {.text = state_cell(on, node, now), .how = state_tone(node.state)},
          {.text = node.pid > 0 ? std::to_string(node.pid) : none()},
          {.text = is_up && node.since ? age(*node.since, now) : none()},
          {.text = node.usage ? percent(node.usage->cpu) : none()},
          {.text = node.usage ? format_size(node.usage->memory) : none()},
          {.text = std::to_string(node.restarts)},
          {.text = exit_cell(node, now)},
          {.text = node.reason.empty() ? none() : foreign(on, node.reason), .how = tone::dim}};
}

std::string summary(const look& on, const std::vector<node_view>& services) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{{"running", "running"},
                                                                                {"starting", "starting"},
                                                                                {"backoff", "backing off"},
                                                                                {"stopping", "stopping"},
                                                                                {"failed", "failed"},
                                                                                {"finished", "finished"},
                                                                                {"stopped", "stopped"}}};
  std::vector<std::string> parts;
  for (const auto& [state, text] : words) {
    const auto same = [s = state](const node_view& node) { return node.state == s; };
    const auto number = std::count_if(services.begin(), services.end(), same);
    if (number > 0) parts.push_back(paint(on, state_tone(state), std::to_string(number) + " " + std::string{text}));
  }
  return join(parts, separator(on));
}

/// The service most worth a look.
const node_view* troubled(const std::vector<node_view>& services) {
  for (const std::string_view state : {"failed", "backoff"}) {
    for (const auto& node : services)
      if (node.state == state) return &node;
  }
  return nullptr;
}

/// What names a service without doubt: its own name, or "tree/name" where two trees have the same.
class display_names {
public:
  explicit display_names(const std::vector<node_view>& all) {
    for (const auto& node : all)
      if (!trees_.emplace(node.name, node.tree).second && trees_[node.name] != node.tree) shared_.insert(node.name);
  }
  [[nodiscard]] std::string of(const node_view& node) const {
    return shared_.count(node.name) > 0 ? node_id{node.tree, node.name}.text() : node.name;
  }

private:
  std::map<std::string_view, std::string_view> trees_;
  std::set<std::string_view> shared_;
};

} // namespace

std::string list_screen(const look& on, const std::vector<node_view>& services, wall_time now) {
  if (services.empty()) return "no services; start some with 'alder up FILE' or 'alder start -- COMMAND'\n";
  std::vector<table_column> columns{{.title = "NAME", .importance = 9, .is_right = false, .least_width = 12},
                                    {.title = "STATE", .importance = 8, .is_right = false, .least_width = 0},
                                    {.title = "PID", .importance = 7, .is_right = true, .least_width = 0},
                                    {.title = "UPTIME", .importance = 6, .is_right = true, .least_width = 0},
                                    {.title = "CPU", .importance = 2, .is_right = true, .least_width = 0},
                                    {.title = "MEMORY", .importance = 2, .is_right = true, .least_width = 0},
                                    {.title = "RESTARTS", .importance = 5, .is_right = true, .least_width = 0},
                                    {.title = "LAST EXIT", .importance = 4, .is_right = false, .least_width = 0},
                                    {.title = "REASON", .importance = 3, .is_right = false, .least_width = 24}};
  const display_names names{services};
  std::vector<std::vector<table_cell>> rows;
  rows.reserve(services.size());
  for (const auto& node : services)
    rows.push_back(row_of(on, node, names.of(node), now));
  if (std::none_of(services.begin(), services.end(), [](const auto& node) { return node.usage.has_value(); })) {
    columns.erase(columns.begin() + cpu_column, columns.begin() + cpu_column + 2);
    for (auto& row : rows)
      row.erase(row.begin() + cpu_column, row.begin() + cpu_column + 2);
  }
  // The reason gives way before a name is cut.
  auto text = table(on, columns, rows) + summary(on, services);
  if (const auto* node = troubled(services); node != nullptr)
    text += "      " + paint(on, tone::dim, "hint: alder describe " + names.of(*node));
  return text + "\n";
}

} // namespace alder::cli
