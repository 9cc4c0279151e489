#include "cli/commands/command.hpp"
#include "cli/commands/foreground_run.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

bool has_service(const supervisor_spec& below, const std::string& name) {
  return std::any_of(below.children.begin(), below.children.end(), [&](const auto& child) {
    return std::visit(overloaded{[&](const service_ptr& service) { return service->name == name; },
                                 [&](const supervisor_ptr& nested) { return has_service(*nested, name); }},
                      child);
  });
}

exit_code run_foreground(session& s) {
  const auto& words = s.wanted().words;
  auto opened = open_project(words.empty() ? "" : words.front(), s.setup().around);
  if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
  const auto& file = std::get<project>(opened);
  if (!file.loaded.tree) {
    return s.fail({.code = exit_code::usage,
                   .what = file.file + " is not a valid configuration",
                   .help = {},
                   .diagnostics = file.loaded.diagnostics});
  }
  s.note(config::render_brief(file.loaded.diagnostics, s.err().colour));
  if (const auto& from = s.wanted().exit_code_from; !from.empty() && !has_service(file.loaded.tree->root, from)) {
    return s.fail({.code = exit_code::usage,
                   .what = "there is no service '" + from + "' in " + file.file,
                   .help = {"to name one of several instances: NAME:0"},
                   .diagnostics = {}});
  }
  return run_in_foreground(s, file);
}

} // namespace

command_info run_command() {
  return {.name = "run",
          .group = command_group::trees,
          .usage = "[FILE]",
          .summary = "run a tree in the foreground and exit with its result",
          .options = {option::file, option::exit_code_from, option::no_prefix, option::show},
          .most_words = 1,
          .examples = {"alder run alder.yaml         # for containers and CI", "alder run --no-prefix job.yaml",
                       "alder run --show raw job.yaml", "alder run --exit-code-from tests ci.yaml"},
          .run = run_foreground};
}

} // namespace alder::cli
