#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/project.hpp"
#include "cli/common/service_name.hpp"

#include "runtime/os/caller.hpp"

namespace alder::cli {
namespace {

exit_code start_program(session& s) {
  const auto& wanted = s.wanted();
  const auto& around = s.setup().around;
  const ad_hoc_service service{.name = wanted.name.empty() ? service_name_for(wanted.program.front()) : wanted.name,
                               .command = wanted.program,
                               .cwd = os::name_of_file(wanted.cwd, around.cwd),
                               .environment = around.environment,
                               .restart = wanted.restart};
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

} // namespace

exit_code run_start(session& s) {
  for (const auto& word : s.wanted().words)
    if (names_a_file(word, s.setup().around)) return s.fail(explain_file(word));
  if (auto there = ensure_daemon(s.setup().where, s.setup().around, s.watch()); !there)
    return s.fail(explain(there.failure()));
  if (!s.wanted().program.empty()) return start_program(s);
  return change_nodes(s, "start", {.done = "started", .counts_stops = false}, "is already running", purpose::start);
}

} // namespace alder::cli
