#include "cli/commands/command.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {

exit_code run_ls(session& s) {
  auto target = std::string{"/v1/services?usage=1"};
  if (!s.wanted().words.empty()) target += "&name=" + percent_encoded(s.wanted().words.front());
  auto answer = s.try_request({.method = "GET", .target = target, .body = {}, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) {
    if (!wrong->is_absence) return s.fail(*wrong);
    // Nothing runs where no daemon does: an empty list, and no failure.
    if (s.wanted().json) {
      (void)s.print("{\"schema\":1,\"services\":[]}\n");
    } else {
      s.note(failure_text(s.err(), *wrong));
    }
    return s.end_code();
  }
  const auto& body = std::get<std::string>(answer);
  if (s.wanted().json) {
    (void)s.print(body + "\n");
    return s.end_code();
  }
  for (const auto& notice : read_notices(body))
    s.note(notice_text(s.err(), notice));
  const auto services = s.understood(body, read_services);
  if (services) (void)s.print(list_screen(s.out(), *services, session::now()));
  return s.end_code();
}

} // namespace alder::cli
