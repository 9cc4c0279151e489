#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {
namespace {

exit_code run_stop(session& s) {
  return change_nodes(s, "stop", {.done = "stopped", .counts_stops = true}, "is already stopped");
}

} // namespace

command_info stop_command() {
  return {.name = "stop",
          .aliases = {"terminate"},
          .group = command_group::services,
          .usage = "NAME… | PATTERN… | all",
          .summary = "stop services or supervisors and keep them stopped",
          .options = {option::timeout, option::no_wait},
          .least_words = 1,
          .most_words = any_number,
          .examples = {"alder stop api", "alder stop api:0 worker", "alder stop 'worker-*'", "alder stop all"},
          .run = run_stop};
}

} // namespace alder::cli
