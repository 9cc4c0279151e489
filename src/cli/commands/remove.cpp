#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"

namespace alder::cli {

exit_code run_remove(session& s) {
  auto worst = exit_code::ok;
  for (const auto& name : s.wanted().words) {
    const auto code = carry_out(s, {.method = "DELETE",
                                    .target = service_target(name),
                                    .body = {},
                                    .words = {.done = "removed", .counts_stops = true},
                                    .nothing_to_do = name + " is gone already"});
    if (worst == exit_code::ok) worst = code;
    if (code == exit_code::interrupted || code == exit_code::terminated || code == exit_code::no_daemon) break;
  }
  return worst;
}

} // namespace alder::cli
