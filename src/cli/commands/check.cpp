#include "cli/commands/command.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/forecast_screen.hpp"
#include "cli/common/project.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/os/background.hpp"
#include "runtime/wire/problem_json.hpp"

#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <fnmatch.h>

namespace alder::cli {
namespace {

std::size_t count_services(const supervisor_spec& supervisor) {
  std::size_t number = 0;
  for (const auto& child : supervisor.children) {
    number += std::visit(overloaded{[](const service_ptr&) { return std::size_t{1}; },
                                    [](const supervisor_ptr& below) { return count_services(*below); }},
                         child);
  }
  return number;
}

std::string check_json(const config::loaded& loaded) {
  std::vector<wire::diagnostic_entry> entries;
  for (const auto& one : loaded.diagnostics) {
    entries.push_back({.is_error = one.severity == config::diagnostic::level::error,
                       .code = one.code,
                       .message = one.message,
                       .label = one.label,
                       .file = one.file,
                       .line = one.line,
                       .column = one.column,
                       .end_column = one.end_column,
                       .snippet = one.snippet,
                       .help = one.help});
  }
  return wire::validation_json(loaded.tree.has_value(), loaded.tree ? loaded.tree->root.name : std::string{}, entries);
}

/// Tells what the tree does when these services (none: each) keep crashing.
exit_code explain_crashes(session& s, const supervisor_spec& root, std::span<const std::string> names) {
  std::vector<policy::crash_forecast> all;
  if (names.empty()) all = policy::forecast_crashes(root);
  for (const auto& name : names) {
    auto some = policy::forecast_crashes(root, is_pattern(name) ? std::string{} : name);
    if (is_pattern(name))
      std::erase_if(some, [&](const auto& one) { return ::fnmatch(name.c_str(), one.service.c_str(), 0) != 0; });
    if (some.empty())
      return s.fail(
          {.code = exit_code::usage,
           .what = "there is no service or supervisor '" + name + "' in " + root.name + " that --explain covers",
           .help = {"to see all of them: alder check --explain (tasks are not included)"},
           .diagnostics = {}});
    all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  (void)s.print(s.wanted().json ? forecast_json(all) : forecast_screen(s.out(), all));
  return s.end_code();
}

exit_code run_check(session& s) {
  // With --explain the words are names, but for a file that comes first.
  std::span<const std::string> words{s.wanted().words};
  const bool is_file = !words.empty() && (!s.wanted().explain || !s.wanted().file.empty() ||
                                          names_a_file(words.front(), s.setup().around));
  const auto names = words.subspan(is_file ? 1 : 0);
  if (!s.wanted().explain && !names.empty())
    return s.fail({.code = exit_code::usage,
                   .what = "'alder check' takes only one file",
                   .help = {"service names are accepted only with --explain"},
                   .diagnostics = {}});
  const auto opened =
      open_project(is_file ? words.front() : "", s.setup().around, os::living_keeper(s.setup().where.run_dir));
  if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
  const auto& file = std::get<project>(opened);
  const auto& tree = file.loaded.tree;
  const auto code = tree ? exit_code::ok : exit_code::usage;
  if (tree && s.wanted().explain) return explain_crashes(s, tree->root, names);
  if (s.wanted().json) {
    (void)s.print(check_json(file.loaded) + "\n");
    return s.end_code() == exit_code::ok ? code : s.end_code();
  }
  // What is wrong is what this command was asked for, so it is data, and --quiet leaves errors only.
  if (!file.loaded.diagnostics.empty() && (!tree || !s.wanted().quiet))
    (void)s.print(config::render(file.loaded.diagnostics, s.out().colour));
  if (tree && !s.wanted().quiet) {
    (void)s.print(file.file + ": tree " + tree->root.name + ", " + counted(count_services(tree->root), "service") +
                  ": ok\n");
  }
  return s.end_code() == exit_code::ok ? code : s.end_code();
}

} // namespace

command_info check_command() {
  return {.name = "check",
          .aliases = {"validate"},
          .group = command_group::configuration,
          .usage = "[FILE] [--explain [NAME…]]",
          .summary = "check a configuration and report all errors",
          .options = {option::file, option::explain},
          .most_words = any_number,
          .examples = {"alder check alder.yaml",
                       "alder check --explain         # what happens if a service keeps crashing",
                       "alder check --explain worker"},
          .run = run_check};
}

} // namespace alder::cli
