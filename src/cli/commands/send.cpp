#include "cli/commands/command.hpp"

#include "runtime/base/text.hpp"

namespace alder::cli {

exit_code run_send(session& s) {
  const auto& words = s.wanted().words;
  const std::vector<std::string> text{words.begin() + 1, words.end()};
  const auto answer = s.try_request({.method = "POST",
                                     .target = service_target(words.front()) + "/input",
                                     .body = join(text, " ") + "\n",
                                     .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) return s.fail(*wrong);
  if (s.wanted().json) (void)s.print(std::get<std::string>(answer) + "\n");
  return s.end_code();
}

} // namespace alder::cli
