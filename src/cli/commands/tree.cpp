#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include <utility>

namespace alder::cli {
namespace {

std::string target(const session& s) { return s.wanted().all ? "/v1/tree?all=1" : "/v1/tree"; }

bool show(session& s, const std::string& body, bool clears) {
  if (s.wanted().json) return s.print(body + "\n");
  const auto trees = s.understood(body, read_tree);
  if (!trees) return false;
  const auto screen = tree_screen(s.out(), *trees, session::now());
  return s.print(clears ? "\033[H\033[2J" + screen : screen);
}

exit_code run_tree(session& s) {
  const bool clears = s.wanted().watch && s.out().terminal;
  const auto body = s.get(target(s));
  if (!body || !show(s, *body, clears) || !s.wanted().watch) return s.end_code();
  // Every change of a tree is an event, so that nothing needs to be asked for while nothing happens. With a new daemon
  // there is one at once.
  bool is_first = true;
  const auto next = [&] {
    const auto* past = std::exchange(is_first, false) ? "0" : "1";
    return call{.method = "GET",
                .target = std::string{"/v1/events?follow=1&tail="} + past,
                .body = {},
                .accept = "application/x-ndjson"};
  };
  const auto on_line = [&](std::string_view) {
    const auto answer = s.try_request({.method = "GET", .target = target(s), .body = {}, .accept = {}});
    const auto* now = std::get_if<std::string>(&answer);
    return now == nullptr || show(s, *now, clears); // a daemon that is gone is noticed by the stream
  };
  return follow_lines(s, {.next = next, .on_line = on_line, .goes_on = true});
}

} // namespace

command_info tree_command() {
  return {
      .name = "tree",
      .group = command_group::inspection,
      .summary = "show supervisors, services and restart budgets",
      .options = {option::all, option::watch},
      .examples = {"alder tree", "alder tree --all             # with the daemon's own actors", "alder tree --watch"},
      .run = run_tree};
}

} // namespace alder::cli
