#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"

#include <algorithm>
#include <cctype>

namespace alder::cli {

exit_code run_scale(session& s) {
  const auto& name = s.wanted().words[0];
  const auto& number = s.wanted().words[1];
  const bool is_number = number.size() <= 5 && std::all_of(number.begin(), number.end(),
                                                           [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_number || std::stoul(number) < 1 || std::stoul(number) > 10000) {
    return s.fail({.code = exit_code::usage,
                   .what = "'" + number + "' is not a valid number of instances (1 to 10000)",
                   .help = {"to stop all instances: alder stop " + name},
                   .diagnostics = {}});
  }
  return carry_out(
      s, {.method = "POST",
          .target = service_target(name) + "/scale" + (s.wanted().force ? "?force=true" : ""),
          .body = "{\"instances\":" + std::to_string(std::stoul(number)) + "}",
          .words = {.done = "changed", .counts_stops = true},
          .nothing_to_do = name + " has " + number + (number == "1" ? " instance" : " instances") + " already"});
}

} // namespace alder::cli
