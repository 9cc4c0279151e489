#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {
namespace {

exit_code run_reset(session& s) {
  return change_nodes(s, "reset", {.done = "reset", .counts_stops = false}, "has no restarts to reset");
}

} // namespace

command_info reset_command() {
  return {.name = "reset",
          .group = command_group::services,
          .usage = "NAME… | PATTERN… | all",
          .summary = "reset the restart counters of services",
          .options = {option::timeout},
          .least_words = 1,
          .most_words = any_number,
          .examples = {"alder reset api", "alder reset 'worker:*'"},
          .run = run_reset};
}

} // namespace alder::cli
