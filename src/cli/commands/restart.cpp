#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {

exit_code run_restart(session& s) {
  return change_nodes(s, "restart", {.done = "restarted", .counts_stops = false}, "has nothing to restart",
                      purpose::restart);
}

} // namespace alder::cli
