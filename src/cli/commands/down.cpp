#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/project.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/caller.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fnmatch.h>

namespace alder::cli {
namespace {

constexpr int input_fd = 0;

const tree_config* find_by_file(const std::vector<tree_config>& up, const std::string& file) {
  auto found = std::find_if(up.begin(), up.end(), [&](const auto& one) { return one.file == file; });
  if (found == up.end()) // by another name
    found = std::find_if(up.begin(), up.end(), [&](const auto& one) { return os::is_same_file(one.file, file); });
  return found == up.end() ? nullptr : &*found;
}

/// A tree by its name, or the tree of the program that was started with this name.
std::string find_tree(const std::vector<tree_config>& up, const std::string& name) {
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

std::vector<std::string> names_of(const std::vector<tree_config>& up) {
  std::vector<std::string> names;
  names.reserve(up.size());
  for (const auto& one : up)
    names.push_back(one.tree);
  return names;
}

change down_of(const std::string& tree) {
  return {.method = "DELETE",
          .target = "/v1/trees/" + percent_encoded(tree),
          .body = {},
          .words = {.done = "stopped", .counts_stops = true},
          .nothing_to_do = tree + " is not up",
          .again = "/v1/trees/" + percent_encoded(tree)};
}

exit_code down_all(session& s, const std::vector<std::string>& trees) {
  if (trees.empty()) return nothing(s, "nothing is up");
  return change_each(s, trees, down_of);
}

/// Without an argument: the tree of the project's file. Where there is no file, nobody named what is to stop: a person
/// at a terminal is asked, a script has to say it.
exit_code down_project(session& s, const std::vector<tree_config>& up) {
  const auto file = find_project_file(s.setup().around);
  if (const auto* mine = file ? find_by_file(up, *file) : nullptr; mine != nullptr)
    return carry_out(s, down_of(mine->tree));
  if (up.empty()) return nothing(s, "nothing is up");
  if (file) return nothing(s, *file + " is not up");
  const auto names = names_of(up);
  if (s.err().terminal && os::is_terminal(input_fd) && !s.wanted().json) {
    const bool is_wanted = is_confirmed(s, "There is no alder.yaml here. Take down " + join(names, ", ") + "?");
    return is_wanted ? down_all(s, names) : nothing(s, "nothing was stopped");
  }
  return s.fail({.code = exit_code::usage,
                 .what = "there is no alder.yaml here; name the tree to take down",
                 .help = {"alder down " + join(names, " | "), "all trees: alder down --all"},
                 .diagnostics = {}});
}

/// Patterns and "all" as the names of the trees that they mean; the other words as they are.
std::optional<std::vector<std::string>> tree_words(session& s, const std::vector<tree_config>& up) {
  std::vector<std::string> words;
  for (const auto& word : s.wanted().words) {
    const auto known = names_of(up);
    const bool is_all = word == "all" && std::find(known.begin(), known.end(), word) == known.end();
    if (!is_all && !is_pattern(word)) {
      words.push_back(word);
      continue;
    }
    bool has_found = false;
    for (const auto& tree : known) {
      const bool is_meant = is_all || ::fnmatch(word.c_str(), tree.c_str(), 0) == 0;
      has_found = has_found || is_meant;
      if (is_meant && std::find(words.begin(), words.end(), tree) == words.end()) words.push_back(tree);
    }
    if (has_found) continue;
    if (is_all) {
      (void)nothing(s, "nothing is up");
      continue;
    }
    (void)s.fail({.code = exit_code::no_such_node,
                  .what = "no tree matches '" + word + "'",
                  .help = {known.empty() ? "nothing is up" : "trees: " + join(known, ", ")},
                  .diagnostics = {}});
    return std::nullopt;
  }
  return words;
}

exit_code run_down(session& s) {
  const bool is_named = !s.wanted().words.empty();
  if (is_named && s.wanted().all) {
    return s.fail({.code = exit_code::usage,
                   .what = "'alder down' takes names or --all, not both",
                   .help = {},
                   .diagnostics = {}});
  }
  auto answer = s.try_request({.method = "GET", .target = "/v1/config", .body = {}, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) {
    // What was asked for is so already, unless a name was given, which nobody can look up.
    if (wrong->is_absence && !is_named) return nothing(s, "nothing is up: no daemon is running");
    return s.fail(*wrong);
  }
  const auto up = s.understood(std::get<std::string>(answer), read_configs);
  if (!up) return s.end_code();

  if (!is_named) return s.wanted().all ? down_all(s, names_of(*up)) : down_project(s, *up);
  const auto words = tree_words(s, *up);
  if (!words) return s.end_code();
  std::vector<std::string> trees;
  for (const auto& word : *words) {
    auto tree = find_tree(*up, word);
    if (names_a_file(word, s.setup().around)) {
      const auto file = os::name_of_file(word, s.setup().around.cwd);
      const auto* found = find_by_file(*up, file);
      if (found == nullptr) {
        (void)nothing(s, file + " is not up");
        continue;
      }
      tree = found->tree;
    }
    trees.push_back(tree);
  }
  return change_each(s, trees, down_of);
}

} // namespace

command_info down_command() {
  return {.name = "down",
          .group = command_group::trees,
          .usage = "[TREE… | PATTERN… | FILE]",
          .summary = "stop a tree in reverse order and remove it",
          .options = {option::file, option::all_trees, option::timeout, option::no_wait},
          .most_words = any_number,
          .examples = {"alder down                   # the tree of alder.yaml here or in a parent directory",
                       "alder down shop", "alder down 'test-*'", "alder down --all"},
          .run = run_down};
}

} // namespace alder::cli
