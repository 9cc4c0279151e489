#include "cli/commands/command.hpp"
#include "cli/commands/tell.hpp"

#include "runtime/base/words.hpp"

namespace alder::cli {
namespace {

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
  return tell_each(s, {words.begin(), words.end() - 1}, "signal", signal_body(signal));
}

} // namespace

command_info signal_command() {
  return {.name = "signal",
          .group = command_group::services,
          .usage = "(NAME… | PATTERN… | all) SIGNAL",
          .summary = "send a signal to the main process of services",
          .least_words = 2,
          .most_words = any_number,
          .examples = {"alder signal web HUP         # numbers and SIGHUP work too", "alder signal api USR1",
                       "alder signal all USR1"},
          .run = run_signal};
}

} // namespace alder::cli
