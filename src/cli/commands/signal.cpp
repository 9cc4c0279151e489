#include "cli/commands/command.hpp"
#include "cli/commands/selection.hpp"

#include "runtime/base/words.hpp"

namespace alder::cli {

exit_code run_signal(session& s) {
  const auto& words = s.wanted().words;
  const auto& signal = words.back();
  if (!signal_named(signal)) {
    const bool is_first = signal_named(words.front()).has_value();
    return s.fail({.code = exit_code::usage,
                   .what = "'" + signal + "' is not a signal",
                   .help = {is_first ? "the signal comes last: alder signal " + signal + " " + words.front()
                                     : "examples: HUP, SIGUSR1, 10"},
                   .diagnostics = {}});
  }
  const auto names = select_nodes(s, {words.begin(), words.end() - 1}, all_means::trees);
  if (!names) return s.end_code();
  auto worst = exit_code::ok;
  for (const auto& name : *names) {
    const auto answer = s.try_request({.method = "POST",
                                       .target = service_target(name) + "/signal",
                                       .body = strings_body({{"signal", signal}}),
                                       .accept = {}});
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
