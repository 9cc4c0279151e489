#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/project.hpp"
#include "cli/common/service_name.hpp"

#include "runtime/base/path.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/wire/ad_hoc.hpp"

namespace alder::cli {
namespace {

/// The command as the only child of a configuration.
std::string program_body(const session& s) {
  const auto& wanted = s.wanted();
  const auto& around = s.setup().around;
  wire::service_request service;
  service.name = wanted.name.empty() ? service_name_for(wanted.program.front()) : wanted.name;
  service.command = wanted.program;
  service.cwd = os::name_of_file(wanted.cwd, around.cwd);
  service.restart = restart_named(wanted.restart);
  const auto text = wire::ad_hoc_config(service);
  return config_body({absolute_path("command-line" + wire::ad_hoc_ending(text), around.cwd), text, around.environment});
}

std::optional<failure> check_add(const invocation& wanted) {
  const bool has_program = !wanted.program.empty();
  if (wanted.words.size() == 1 && !has_program)
    return misuse("'alder add' needs a FILE, or -- and a COMMAND", {help_hint("add")});
  if (wanted.words.size() > 1 && has_program)
    return misuse("'alder add' takes a FILE, or -- and a COMMAND, not both", {help_hint("add")});
  return std::nullopt;
}

exit_code run_add(session& s) {
  const auto& words = s.wanted().words;
  if (is_pattern(words[0])) {
    return s.fail({.code = exit_code::usage,
                   .what = "'alder add' takes the name of one supervisor, not a pattern",
                   .help = {"supervisors and their names: alder tree"},
                   .diagnostics = {}});
  }
  std::string body;
  if (words.size() > 1) {
    const auto opened = open_project(words[1], s.setup().around, os::living_keeper(s.setup().where.run_dir));
    if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
    const auto& file = std::get<project>(opened);
    if (!file.loaded.tree) {
      return s.fail({.code = exit_code::usage,
                     .what = file.file + " is not a valid configuration",
                     .help = {},
                     .diagnostics = file.loaded.diagnostics});
    }
    s.note(config::render_brief(file.loaded.diagnostics, s.err().colour));
    body = config_body({file.file, file.text, s.setup().around.environment});
  } else {
    body = program_body(s);
  }
  return carry_out(s, {.method = "POST",
                       .target = "/v1/supervisors/" + percent_encoded(words[0]) + "/children",
                       .body = body,
                       .words = {.done = "added", .counts_stops = false},
                       .nothing_to_do = "there is nothing to add",
                       .when_lost = "see what was added with: alder tree"});
}

} // namespace

command_info add_command() {
  return {.name = "add",
          .group = command_group::services,
          .usage = "SUPERVISOR FILE | SUPERVISOR [OPTIONS] -- COMMAND…",
          .summary = "start new children under a running supervisor",
          .options = {option::name, option::cwd, option::restart, option::timeout, option::no_wait},
          .least_words = 1,
          .most_words = 2,
          .examples = {"alder add shop extra.yaml    # the children of that file",
                       "alder add shop --name mailer -- node mailer.js"},
          .takes_program = true,
          .check = check_add,
          .run = run_add};
}

} // namespace alder::cli
