#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/common/project.hpp"

#include "runtime/base/path.hpp"
#include "runtime/base/text.hpp"
#include "runtime/os/caller.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace alder::cli {
namespace {

const config_view* find_by_file(const std::vector<config_view>& up, const std::string& file) {
  const auto found = std::find_if(up.begin(), up.end(), [&](const auto& one) { return one.file == file; });
  return found == up.end() ? nullptr : &*found;
}

/// A tree by its name, or the tree of the program that was started with this name.
std::string find_tree(const std::vector<config_view>& up, const std::string& name) {
  const auto has = [&](const std::string& tree) {
    return std::any_of(up.begin(), up.end(), [&](const auto& one) { return one.tree == tree; });
  };
  const auto ad_hoc = "adhoc." + name;
  return !has(name) && has(ad_hoc) ? ad_hoc : name;
}

exit_code nothing(session& s, const std::string& text) {
  s.note(text + "\n");
  return exit_code::ok;
}

/// Without an argument: the project's tree when it is up, else the only one.
exit_code down_default(session& s, const std::vector<config_view>& up, std::string& tree) {
  const auto file = find_project_file(s.setup().around);
  if (const auto* mine = file ? find_by_file(up, *file) : nullptr; mine != nullptr) {
    tree = mine->tree;
    return exit_code::ok;
  }
  if (up.empty()) return nothing(s, "nothing is up");
  if (file) return nothing(s, *file + " is not up");
  if (up.size() == 1) {
    tree = up.front().tree;
    return exit_code::ok;
  }
  std::vector<std::string> names;
  names.reserve(up.size());
  for (const auto& one : up)
    names.push_back(one.tree);
  return s.fail({.code = exit_code::usage,
                 .what = "several trees are up: say which",
                 .help = {"alder down " + join(names, " | ")},
                 .diagnostics = {}});
}

exit_code down_one(session& s, const std::string& tree) {
  return carry_out(s, {.method = "DELETE",
                       .target = "/v1/trees/" + percent_encoded(tree),
                       .body = {},
                       .words = {.done = "stopped", .counts_stops = true},
                       .nothing_to_do = tree + " is not up"});
}

} // namespace

exit_code run_down(session& s) {
  auto answer = s.try_request({.method = "GET", .target = "/v1/config", .body = {}, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) {
    if (wrong->is_absence) return nothing(s, "nothing is up: no daemon is running");
    return s.fail(*wrong);
  }
  const auto up = s.understood(std::get<std::string>(answer), read_config);
  if (!up) return s.end_code();

  if (s.wanted().words.empty()) {
    std::string tree;
    const auto code = down_default(s, *up, tree);
    return tree.empty() ? code : down_one(s, tree);
  }
  auto worst = exit_code::ok;
  for (const auto& word : s.wanted().words) {
    auto tree = find_tree(*up, word);
    if (names_a_file(word, s.setup().around)) {
      const auto file = absolute_path(word, s.setup().around.cwd);
      const auto* found = find_by_file(*up, file);
      if (found == nullptr) {
        (void)nothing(s, file + " is not up");
        continue;
      }
      tree = found->tree;
    }
    const auto code = down_one(s, tree);
    if (worst == exit_code::ok) worst = code;
  }
  return worst;
}

} // namespace alder::cli
