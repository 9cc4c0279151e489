#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/project.hpp"

#include "runtime/os/background.hpp"

namespace alder::cli {
namespace {

exit_code run_up(session& s) {
  const auto& words = s.wanted().words;
  auto opened =
      open_project(words.empty() ? "" : words.front(), s.setup().around, os::living_keeper(s.setup().where.run_dir));
  if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
  const auto& file = std::get<project>(opened);
  // A broken file must not start a daemon; the daemon checks once more, because others send it files too.
  if (!file.loaded.tree) {
    return s.fail({.code = exit_code::usage,
                   .what = file.file + " is not a valid configuration",
                   .help = {},
                   .diagnostics = file.loaded.diagnostics});
  }
  s.note(config::render_brief(file.loaded.diagnostics, s.err().colour));

  const auto body = config_body({file.file, file.text, s.setup().around.environment});
  if (body.size() > max_config) {
    return s.fail({.code = exit_code::usage,
                   .what = "the configuration and the environment together exceed 1 MiB",
                   .help = {},
                   .diagnostics = {}});
  }
  if (auto there = ensure_daemon(s.setup().where, s.setup().around, s.watch()); !there)
    return s.fail(explain(there.failure()));
  const std::string target = s.wanted().keep_going ? "/v1/config?keep_going=1" : "/v1/config";
  return carry_out(s, {.method = "PUT",
                       .target = target,
                       .body = body,
                       .words = {.done = "started", .counts_stops = false},
                       .nothing_to_do = file.loaded.tree->root.name + " is already up and unchanged",
                       .again = target});
}

} // namespace

command_info up_command() {
  return {.name = "up",
          .group = command_group::trees,
          .usage = "[FILE]",
          .summary = "start the tree of a configuration",
          .options = {option::file, option::keep_going, option::detach, option::timeout, option::no_wait},
          .most_words = 1,
          .examples = {"alder up                     # alder.yaml here or in a parent directory",
                       "alder up shop/alder.yaml",
                       "alder up --keep-going        # a service that fails does not undo the start"},
          .run = run_up};
}

} // namespace alder::cli
