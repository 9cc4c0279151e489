#include "cli/commands/command.hpp"
#include "cli/commands/node_change.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

exit_code run_remove(session& s) {
  const auto& words = s.wanted().words;
  const auto names = select_nodes(s, words, purpose::change);
  if (!names) return s.end_code();
  // Of "all" these are trees, unless a node is called so.
  const bool has_all = std::find(words.begin(), words.end(), "all") != words.end();
  if (has_all && std::find(names->begin(), names->end(), "all") == names->end()) {
    return s.fail({.code = exit_code::usage,
                   .what = "'alder remove' needs names or patterns and does not accept 'all'",
                   .help = {"to stop and remove all trees: alder down --all"},
                   .diagnostics = {}});
  }
  const bool has_pattern = std::any_of(words.begin(), words.end(), is_pattern);
  if (has_pattern && !is_confirmed(s, "Stop and forget " + join(*names, ", ") + "?")) {
    s.note("nothing was removed\n");
    return exit_code::ok;
  }
  return change_each(s, *names, [](const std::string& name) {
    return change{.method = "DELETE",
                  .target = service_target(name),
                  .body = {},
                  .words = {.done = "removed", .counts_stops = true},
                  .nothing_to_do = name + " is already removed",
                  .again = service_target(name)};
  });
}

} // namespace

command_info remove_command() {
  return {.name = "remove",
          .aliases = {"rm"},
          .group = command_group::services,
          .usage = "NAME… | PATTERN…",
          .summary = "stop and remove services or supervisors",
          .options = {option::timeout, option::no_wait},
          .least_words = 1,
          .most_words = any_number,
          .examples = {"alder remove mailer", "alder remove 'test-*'        # asks at a terminal"},
          .run = run_remove};
}

} // namespace alder::cli
