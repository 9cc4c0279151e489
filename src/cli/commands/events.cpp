#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/common/resumption.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"

#include <optional>

namespace alder::cli {
namespace {

constexpr unsigned default_tail = 100;

/// The number of the last event there is; nothing when that cannot be known now.
std::optional<std::uint64_t> latest_event(session& s) {
  const auto answer = s.try_request({.method = "GET", .target = "/v1/events?tail=1", .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  if (body == nullptr) return std::nullopt;
  const auto line = read_event_line(*body);
  const auto* event = line ? std::get_if<event_view>(&*line) : nullptr;
  return event == nullptr ? 0 : event->seq;
}

} // namespace

exit_code run_events(session& s) {
  const auto target = [&](stream_past past) {
    return "/v1/events" + stream_query(s.wanted(), "name", default_tail, past);
  };
  const bool shows_no_past = s.wanted().follow && s.wanted().tail == 0U;
  event_resumption place{target(stream_past::shown), target(stream_past::known),
                         shows_no_past ? latest_event(s) : std::nullopt};
  const auto on_line = [&](std::string_view text) {
    const auto line = s.understood(std::string{text}, read_event_line);
    if (!line) return false;
    place.note(*line);
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
  return follow_lines(s, {.next = [&] { return place.next(); }, .on_line = on_line, .goes_on = s.wanted().follow});
}

} // namespace alder::cli
