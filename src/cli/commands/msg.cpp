#include "cli/commands/command.hpp"
#include "cli/commands/tell.hpp"

#include "runtime/base/text.hpp"

namespace alder::cli {
namespace {

exit_code run_msg(session& s) {
  const auto& words = s.wanted().words;
  const std::vector<std::string> json{words.begin() + 1, words.end()};
  return tell_each(s, {words.front()}, "message", join(json, " "));
}

} // namespace

command_info msg_command() {
  return {.name = "msg",
          .group = command_group::services,
          .usage = "(NAME | PATTERN | all) JSON",
          .summary = "send a message to a service over its IPC channel",
          .least_words = 2,
          .most_words = any_number,
          .examples = {"alder msg api '{\"level\": \"debug\"}'"},
          .run = run_msg};
}

} // namespace alder::cli
