#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"

namespace alder::cli {
namespace {

constexpr unsigned default_tail = 100;

} // namespace

exit_code run_events(session& s) {
  return follow_lines(s, "/v1/events" + stream_query(s.wanted(), "name", default_tail), [&](std::string_view text) {
    if (s.wanted().json) return s.print(std::string{text} + "\n");
    const auto line = s.understood(std::string{text}, read_event_line);
    if (!line) return false;
    return std::visit(
        overloaded{[&](const event_view& event) { return s.print(event_text(s.out(), event, session::now())); },
                   [&](const gap_view& gap) {
                     s.note(gap_text(s.err(), gap));
                     return true;
                   },
                   [](const done_view&) { return true; }},
        *line);
  });
}

} // namespace alder::cli
