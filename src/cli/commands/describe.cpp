#include "cli/commands/command.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {
namespace {

exit_code run_describe(session& s) {
  const auto names = select_nodes(s, s.wanted().words, purpose::look);
  if (!names) return s.end_code();
  auto worst = exit_code::ok;
  bool is_first = true;
  for (const auto& name : *names) {
    const auto body = s.get(service_target(name));
    if (!body) {
      if (worst == exit_code::ok) worst = s.end_code();
      if (s.end_code() == exit_code::no_daemon) break; // the next would not answer either
      continue;
    }
    if (s.wanted().json) {
      if (!s.print(*body + "\n")) break;
      continue;
    }
    const auto node = s.understood(*body, read_node);
    if (!node) return s.end_code();
    const auto environment = s.wanted().show_env ? secrets::shown : secrets::hidden;
    const auto screen = describe_screen(s.out(), *node, environment, session::now());
    if (!s.print((is_first ? "" : "\n") + screen)) break;
    is_first = false;
  }
  return worst == exit_code::ok ? s.end_code() : worst;
}

} // namespace

command_info describe_command() {
  return {.name = "describe",
          .aliases = {"show"},
          .group = command_group::inspection,
          .usage = "NAME… | PATTERN… | all",
          .summary = "show everything about a service or supervisor",
          .options = {option::show_env},
          .least_words = 1,
          .most_words = any_number,
          .examples = {"alder describe api:0", "alder describe shop/api --show-env", "alder describe 'api:*'"},
          .run = run_describe};
}

} // namespace alder::cli
