#include "cli/commands/command.hpp"

namespace alder::cli {
namespace {

exit_code run_ping(session& s) {
  const auto body = s.get("/_ping");
  if (!body) return s.end_code();
  const auto pong = s.understood(*body, read_pong);
  if (!pong || s.wanted().quiet) return s.end_code();
  (void)s.print(s.wanted().json
                    ? *body + "\n"
                    : "the daemon answers: version " + pong->version + ", pid " + std::to_string(pong->pid) + "\n");
  return s.end_code();
}

} // namespace

command_info ping_command() {
  return {.name = "ping",
          .group = command_group::daemon,
          .summary = "check that the daemon answers",
          .examples = {"alder ping && echo running"},
          .run = run_ping};
}

} // namespace alder::cli
