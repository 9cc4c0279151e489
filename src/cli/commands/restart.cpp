#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {
namespace {

exit_code run_restart(session& s) {
  return change_nodes(s, "restart", {.done = "restarted", .counts_stops = false}, "has nothing to restart",
                      purpose::restart);
}

} // namespace

command_info restart_command() {
  return {.name = "restart",
          .group = command_group::services,
          .usage = "NAME… | PATTERN… | all",
          .summary = "restart services or supervisors; not counted as a failure",
          .options = {option::timeout, option::no_wait},
          .least_words = 1,
          .most_words = any_number,
          .examples = {"alder restart api",
                       "alder restart 'api:*'        # one after the other, until one does not come up",
                       "alder restart all"},
          .run = run_restart};
}

} // namespace alder::cli
