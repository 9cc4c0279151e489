#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

#include <algorithm>

namespace alder::cli {

exit_code run_remove(session& s) {
  const auto& words = s.wanted().words;
  if (std::find(words.begin(), words.end(), "all") != words.end()) {
    return s.fail({.code = exit_code::usage,
                   .what = "'alder remove' needs names and does not accept 'all'",
                   .help = {"to stop and remove all trees: alder down --all"},
                   .diagnostics = {}});
  }
  const auto names = select_nodes(s, words, all_means::trees);
  if (!names) return s.end_code();
  return change_each(s, *names, [](const std::string& name) {
    return change{.method = "DELETE",
                  .target = service_target(name),
                  .body = {},
                  .words = {.done = "removed", .counts_stops = true},
                  .nothing_to_do = name + " is already removed"};
  });
}

} // namespace alder::cli
