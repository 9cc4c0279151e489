#include "cli/commands/command.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {

exit_code run_describe(session& s) {
  const auto body = s.get(service_target(s.wanted().words.front()));
  if (!body) return s.end_code();
  if (s.wanted().json) {
    (void)s.print(*body + "\n");
    return s.end_code();
  }
  const auto node = s.understood(*body, read_node);
  const auto environment = s.wanted().show_env ? secrets::shown : secrets::hidden;
  if (node) (void)s.print(describe_screen(s.out(), *node, environment, session::now()));
  return s.end_code();
}

} // namespace alder::cli
