#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

#include <algorithm>
#include <cctype>

namespace alder::cli {
namespace {

bool is_count(const std::string& word) {
  const bool is_number = !word.empty() && word.size() <= 5 &&
                         std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return is_number && std::stoul(word) >= 1 && std::stoul(word) <= 10000;
}

exit_code run_scale(session& s) {
  const auto& words = s.wanted().words;
  const auto& number = words.back();
  if (!is_count(number)) {
    const bool is_first = is_count(words.front());
    return s.fail({.code = exit_code::usage,
                   .what = "'" + number + "' is not a valid number of instances (1 to 10000)",
                   .help = {is_first ? "the number comes last: alder scale " + number + " " + words.front()
                                     : "to stop all instances: alder stop " + words.front()},
                   .diagnostics = {}});
  }
  const auto names = select_nodes(s, {words.begin(), words.end() - 1}, purpose::scale);
  if (!names) return s.end_code();
  return change_each(s, *names, [&](const std::string& name) {
    const auto target = service_target(name) + "/scale" + (s.wanted().force ? "?force=true" : "");
    return change{.method = "POST",
                  .target = target,
                  .body = scale_body(static_cast<unsigned>(std::stoul(number))),
                  .words = {.done = "changed", .counts_stops = true, .counts_both = true},
                  .nothing_to_do = name + " has " + number + (number == "1" ? " instance" : " instances") + " already",
                  .again = target};
  });
}

} // namespace

command_info scale_command() {
  return {.name = "scale",
          .group = command_group::services,
          .usage = "(NAME… | PATTERN… | all) N",
          .summary = "run N instances of a service",
          .options = {option::force, option::timeout, option::no_wait},
          .least_words = 2,
          .most_words = any_number,
          .examples = {"alder scale api 6", "alder scale 'worker-*' 2     # every pool that it matches"},
          .run = run_scale};
}

} // namespace alder::cli
