#include "cli/commands/command.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {
namespace {

exit_code run_ls(session& s) {
  auto target = std::string{"/v1/services?usage=1"};
  const auto names = filter_words(s, s.wanted().words);
  if (!names) return s.end_code();
  if (!names->empty()) target += "&name=" + percent_encoded(names->front());
  const auto body = s.get(target);
  if (!body) return s.end_code();
  const auto list = s.understood(*body, read_services);
  if (!list) return s.end_code();
  // A name that is not there is an error; a daemon without services is not.
  if (list->services.empty() && !names->empty()) {
    return s.fail({.code = exit_code::no_such_node,
                   .what = "no service matches '" + names->front() + "'",
                   .help = {"list all services: alder ls"},
                   .diagnostics = {}});
  }
  if (s.wanted().json) {
    (void)s.print(*body + "\n");
    return s.end_code();
  }
  for (const auto& notice : list->notices)
    s.note(notice_text(s.err(), notice));
  (void)s.print(list_screen(s.out(), list->services, session::now()));
  return s.end_code();
}

} // namespace

command_info ls_command() {
  return {.name = "ls",
          .aliases = {"list", "ps", "status", "l"},
          .group = command_group::inspection,
          .usage = "[NAME | PATTERN | all]",
          .summary = "list services",
          .most_words = 1,
          .examples = {"alder ls", "alder ls 'api*'", "alder ls --json"},
          .run = run_ls};
}

} // namespace alder::cli
