#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

namespace alder::cli {

exit_code run_reset(session& s) {
  return change_nodes(s, "reset", {.done = "reset", .counts_stops = false}, "has no restarts to reset");
}

} // namespace alder::cli
