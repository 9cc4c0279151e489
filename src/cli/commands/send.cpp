#include "cli/commands/command.hpp"
#include "cli/commands/tell.hpp"

#include "runtime/base/text.hpp"

namespace alder::cli {
namespace {

exit_code run_send(session& s) {
  const auto& words = s.wanted().words;
  const std::vector<std::string> text{words.begin() + 1, words.end()};
  return tell_each(s, {words.front()}, "input", join(text, " ") + "\n");
}

} // namespace

command_info send_command() {
  return {
      .name = "send",
      .group = command_group::services,
      .usage = "(NAME | PATTERN | all) TEXT…",
      .summary = "write a line to a service's standard input",
      .least_words = 2,
      .most_words = any_number,
      .examples = {"alder send console reload    # needs 'stdin: pipe' or 'pty: true'", "alder send 'worker:*' flush"},
      .run = run_send};
}

} // namespace alder::cli
