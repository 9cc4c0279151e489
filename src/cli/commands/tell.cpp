#include "cli/commands/tell.hpp"

#include "cli/commands/selection.hpp"

namespace alder::cli {

exit_code tell_each(session& s, const std::vector<std::string>& words, const std::string& verb,
                    const std::string& body) {
  const auto names = select_nodes(s, words, purpose::tell);
  if (!names) return s.end_code();
  auto worst = exit_code::ok;
  for (const auto& name : *names) {
    const auto answer =
        s.try_request({.method = "POST", .target = service_target(name) + "/" + verb, .body = body, .accept = {}});
    if (const auto* wrong = std::get_if<failure>(&answer)) {
      const auto code = s.fail(*wrong);
      if (worst == exit_code::ok) worst = code;
    } else if (s.wanted().json) {
      (void)s.print(std::get<std::string>(answer) + "\n");
    }
  }
  return worst == exit_code::ok ? s.end_code() : worst;
}

} // namespace alder::cli
