#include "cli/commands/command.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {
namespace {

exit_code run_info(session& s) {
  const auto body = s.get("/v1/info");
  if (!body) return s.end_code();
  if (s.wanted().json) {
    (void)s.print(*body + "\n");
    return s.end_code();
  }
  if (const auto info = s.understood(*body, read_info)) (void)s.print(info_screen(s.out(), *info));
  return s.end_code();
}

} // namespace

command_info info_command() {
  return {.name = "info",
          .group = command_group::daemon,
          .summary = "show version, process IDs and directories of the daemon",
          .examples = {"alder info --json"},
          .run = run_info};
}

} // namespace alder::cli
