#include "cli/commands/command.hpp"
#include "cli/commands/tell.hpp"

#include "runtime/base/text.hpp"

namespace alder::cli {

exit_code run_msg(session& s) {
  const auto& words = s.wanted().words;
  const std::vector<std::string> json{words.begin() + 1, words.end()};
  return tell_each(s, {words.front()}, "message", join(json, " "));
}

} // namespace alder::cli
