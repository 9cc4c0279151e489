#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

constexpr unsigned default_tail = 20;

bool is_wanted(const invocation& wanted, const node_view& node) {
  if (wanted.words.empty()) return true;
  return std::any_of(wanted.words.begin(), wanted.words.end(), [&](const auto& word) {
    return word == node.name || word == node.tree || word == node.parent || word == node.tree + "/" + node.name;
  });
}

/// The columns of the longest name that will turn up, so that the lines stand below each other from the first on.
std::size_t longest_name(session& s) {
  const auto answer = s.try_request({.method = "GET", .target = "/v1/services", .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  const auto services =
      body == nullptr ? result<std::vector<node_view>>{std::vector<node_view>{}} : read_services(*body);
  std::size_t width = 0;
  if (!services) return width;
  for (const auto& node : *services)
    if (is_wanted(s.wanted(), node)) width = std::max(width, columns_of(node.name));
  return width;
}

} // namespace

exit_code run_logs(session& s) {
  const log_style style{.has_prefix = !s.wanted().no_prefix, .name_width = s.wanted().json ? 0 : longest_name(s)};
  return follow_lines(s, "/v1/logs" + stream_query(s.wanted(), "service", default_tail), [&](std::string_view text) {
    if (s.wanted().json) return s.print(std::string{text} + "\n");
    const auto line = s.understood(std::string{text}, read_log_line);
    if (!line) return false;
    return std::visit(overloaded{[&](const log_view& log) { return s.print(log_text(s.out(), log, style)); },
                                 [&](const gap_view& gap) {
                                   s.note(gap_text(s.err(), gap, "line"));
                                   return true;
                                 }},
                      *line);
  });
}

} // namespace alder::cli
