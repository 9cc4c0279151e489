#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"

#include <cstdint>

namespace alder::cli {
namespace {

constexpr unsigned default_tail = 100;
/// Events that may have come between two daemons.
constexpr unsigned most_between_daemons = 10000;

} // namespace

exit_code run_events(session& s) {
  std::uint64_t latest = 0;
  const auto resume = [&] { // by number: times may repeat
    auto rest = s.wanted();
    rest.tail = most_between_daemons;
    return "/v1/events" + stream_query(rest, "name", default_tail) + "&since=" + std::to_string(latest);
  };
  const auto on_line = [&](std::string_view text) {
    const auto line = s.understood(std::string{text}, read_event_line);
    if (!line) return false;
    if (const auto* event = std::get_if<event_view>(&*line)) latest = event->seq;
    if (s.wanted().json) return s.print(std::string{text} + "\n");
    return std::visit(
        overloaded{[&](const event_view& event) { return s.print(event_text(s.out(), event, session::now())); },
                   [&](const gap_view& gap) {
                     s.note(gap_text(s.err(), gap));
                     return true;
                   },
                   [](const done_view&) { return true; }},
        *line);
  };
  return follow_lines(s, "/v1/events" + stream_query(s.wanted(), "name", default_tail), on_line,
                      s.wanted().follow ? resumption{resume} : resumption{});
}

} // namespace alder::cli
