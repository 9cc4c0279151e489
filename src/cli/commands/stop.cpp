#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {

exit_code run_stop(session& s) {
  return change_nodes(s, "stop", {.done = "stopped", .counts_stops = true}, "is already stopped");
}

} // namespace alder::cli
