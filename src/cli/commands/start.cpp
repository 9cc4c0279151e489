#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/project.hpp"
#include "cli/common/service_name.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/caller.hpp"

namespace alder::cli {
namespace {

exit_code start_program(session& s) {
  const auto& wanted = s.wanted();
  const auto& around = s.setup().around;
  const service_request service{.name = wanted.name.empty() ? service_name_for(wanted.program.front()) : wanted.name,
                                .command = wanted.program,
                                .cwd = os::name_of_file(wanted.cwd, around.cwd),
                                .environment = around.environment,
                                .restart = restart_named(wanted.restart)};
  return carry_out(s, {.method = "POST",
                       .target = "/v1/services",
                       .body = service_body(service),
                       .words = {.done = "started", .counts_stops = false},
                       .nothing_to_do = service.name + " is already running"});
}

/// `alder start alder.yaml` and `alder start ./job.sh` are easy slips.
failure explain_file(const std::string& word) {
  const bool is_config = word.find(".yaml") != std::string::npos || word.find(".yml") != std::string::npos ||
                         word.find(".json") != std::string::npos;
  return {
      .code = exit_code::usage,
      .what = "'" + word + "' is a file, but 'alder start' takes names",
      .help = {is_config ? "to start a configuration: alder up " + word : "to start a program: alder start -- " + word},
      .diagnostics = {}};
}

std::optional<failure> check_start(const invocation& wanted) {
  if (wanted.words.empty() == !wanted.program.empty()) return std::nullopt;
  if (wanted.words.empty()) return misuse("'alder start' needs a NAME, or -- and a COMMAND", {help_hint("start")});
  return misuse("'alder start' takes NAMEs, or -- and a COMMAND, not both", {"to name the new service: --name NAME"});
}

exit_code run_start(session& s) {
  for (const auto& word : s.wanted().words)
    if (names_a_file(word, s.setup().around)) return s.fail(explain_file(word));
  if (auto there = ensure_daemon(s.setup().where, s.setup().around, s.watch()); !there)
    return s.fail(explain(there.failure()));
  if (!s.wanted().program.empty()) return start_program(s);
  return change_nodes(s, "start", {.done = "started", .counts_stops = false}, "is already running", purpose::start);
}

} // namespace

command_info start_command() {
  return {.name = "start",
          .group = command_group::services,
          .usage = "NAME… | PATTERN… | all | [OPTIONS] -- COMMAND…",
          .summary = "start stopped services, or a program without a configuration file",
          .options = {option::name, option::cwd, option::restart, option::timeout, option::no_wait},
          .most_words = any_number,
          .examples = {"alder start db", "alder start all              # what is down and has not finished",
                       "alder start migrate          # a task: run it (again) and wait for its end",
                       "alder start nightly          # by name, also a scheduled task or autostart: false",
                       "alder start -- python3 -m http.server",
                       "alder start --name web --restart transient -- ./server.sh 8080"},
          .takes_program = true,
          .check = check_start,
          .run = run_start};
}

} // namespace alder::cli
