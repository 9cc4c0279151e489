#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

namespace alder::cli {
namespace {

bool show(session& s, bool clears) {
  const auto body = s.get(s.wanted().all ? "/v1/tree?all=1" : "/v1/tree");
  if (!body) return false;
  if (s.wanted().json) return s.print(*body + "\n");
  const auto trees = s.understood(*body, read_tree);
  if (!trees) return false;
  const auto screen = tree_screen(s.out(), *trees, session::now());
  return s.print(clears ? "\033[H\033[2J" + screen : screen);
}

} // namespace

exit_code run_tree(session& s) {
  const bool clears = s.wanted().watch && s.out().terminal;
  if (!show(s, clears) || !s.wanted().watch) return s.end_code();
  // Every change of a tree is an event, so that nothing needs to be asked for while nothing happens.
  // After a daemon was replaced its first event is the occasion to show what became of the tree.
  return follow_lines(
      s, "/v1/events?tail=0&follow=1", [&](std::string_view) { return show(s, clears); },
      [] { return std::string{"/v1/events?tail=1&follow=1"}; });
}

} // namespace alder::cli
