#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/commands/search.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/resumption.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::cli {
namespace {

constexpr unsigned default_tail = 100;

/// The number of the last event there is; nothing when that cannot be known now.
std::optional<std::uint64_t> latest_event(session& s) {
  const auto answer = s.try_request({.method = "GET", .target = "/v1/events?tail=1", .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  if (body == nullptr) return std::nullopt;
  const auto line = read_event_item(*body);
  const auto* event = line ? std::get_if<event_view>(&*line) : nullptr;
  return event == nullptr ? 0 : event->seq;
}

bool show(session& s, const event_view& event, std::string_view text) {
  return s.print(s.wanted().json ? std::string{text} + "\n" : event_text(s.out(), event, session::now()));
}

bool show_gap(session& s, const event_gap& gap, std::string_view text) {
  if (s.wanted().json) return s.print(std::string{text} + "\n");
  s.note(gap_text(s.err(), gap));
  return true;
}

exit_code stream_events(session& s, const std::vector<std::string>& names) {
  const auto target = [&](stream_past past) {
    return "/v1/events" + stream_query(s.wanted(), names, "name", default_tail, past);
  };
  const bool shows_no_past = s.wanted().follow && s.wanted().tail == 0U;
  event_resumption place{target(stream_past::shown), target(stream_past::known),
                         shows_no_past ? latest_event(s) : std::nullopt};
  const auto on_line = [&](std::string_view text) {
    const auto line = s.understood(std::string{text}, read_event_item);
    if (!line) return false;
    place.note(*line);
    return std::visit(overloaded{[&](const event_view& event) { return show(s, event, text); },
                                 [&](const event_gap& gap) { return show_gap(s, gap, text); },
                                 [](const operation_result&) { return true; }},
                      *line);
  };
  return follow_lines(s, {.next = [&] { return place.next(); }, .on_line = on_line, .goes_on = s.wanted().follow});
}

/// Picks events out of all that the daemon has kept, and then out of those that come. It is done here: however long an
/// expression takes, the daemon does not wait for it.
class event_search {
public:
  event_search(session& s, search asked, std::vector<std::string> names)
      : s_{s}, asked_{std::move(asked)}, names_{std::move(names)} {}

  exit_code run() {
    const auto code = read_past();
    if (code != exit_code::ok || is_unread_) return code;
    for (const auto& [event, text] : held_)
      if (!show(s_, event, text)) return s_.end_code();
    if (held_.empty()) note_older(std::nullopt);
    return s_.wanted().follow ? read_coming() : code;
  }

private:
  exit_code read_past() {
    const auto on_line = [&](std::string_view text) {
      const auto line = s_.understood(std::string{text}, read_event_item);
      if (!line) return false;
      if (const auto* gap = std::get_if<event_gap>(&*line)) older_ += gap->missed;
      const auto* event = std::get_if<event_view>(&*line);
      return event == nullptr || on_past(*event, text);
    };
    const auto next = [&] {
      held_.clear(); // when the daemon was replaced, its successor is asked for everything again
      older_ = 0;
      return call{.method = "GET", .target = target("since=0"), .body = {}, .accept = "application/x-ndjson"};
    };
    return follow_lines(s_, {.next = next, .on_line = on_line, .goes_on = false});
  }

  /// With a number of events to begin with, the last of them are known only at the end.
  bool on_past(const event_view& event, std::string_view text) {
    latest_ = event.seq;
    note_older(event.at);
    if (!matches(event)) return true;
    const auto& tail = s_.wanted().tail;
    if (!tail) return !(is_unread_ = !show(s_, event, text));
    held_.emplace_back(event, text);
    if (held_.size() > *tail) held_.pop_front();
    return true;
  }

  exit_code read_coming() {
    const auto following = target("follow=1");
    event_resumption place{following, following, latest_};
    const auto on_line = [&](std::string_view text) {
      const auto line = s_.understood(std::string{text}, read_event_item);
      if (!line) return false;
      place.note(*line);
      const auto* event = std::get_if<event_view>(&*line);
      latest_ = event == nullptr ? latest_ : event->seq;
      if (event != nullptr) return !matches(*event) || show(s_, *event, text);
      const auto* gap = std::get_if<event_gap>(&*line);
      return gap == nullptr || latest_ == 0 || show_gap(s_, *gap, text); // before the first one it was said already
    };
    return follow_lines(s_, {.next = [&] { return place.next(); }, .on_line = on_line, .goes_on = true});
  }

  [[nodiscard]] bool matches(const event_view& event) const {
    return (!asked_.since || !event.at || *event.at >= *asked_.since) &&
           (!asked_.grep || asked_.grep->matches(event.text));
  }

  /// Before the first event, which is the oldest that is kept: those asked for may have been older.
  void note_older(std::optional<wall_time> oldest) {
    const auto missed = std::exchange(older_, 0);
    if (missed == 0 || (oldest && asked_.since && *oldest <= *asked_.since)) return;
    s_.note("alder: " + counted(missed, "older event") + (missed == 1 ? " is" : " are") + " no longer kept\n");
  }

  [[nodiscard]] std::string target(const std::string& query) const {
    auto text = "/v1/events?" + query;
    for (const auto& name : names_)
      text += "&name=" + percent_encoded(name);
    return text;
  }

  session& s_;
  search asked_;
  std::vector<std::string> names_;
  std::deque<std::pair<event_view, std::string>> held_;
  std::uint64_t older_ = 0;
  std::uint64_t latest_ = 0;
  bool is_unread_ = false; ///< nobody reads standard output any more
};

exit_code run_events(session& s) {
  auto asked = read_search(s);
  if (!asked) return s.end_code();
  auto names = filter_words(s, s.wanted().words);
  if (!names) return s.end_code();
  return asked->any() ? event_search{s, std::move(*asked), std::move(*names)}.run() : stream_events(s, *names);
}

} // namespace

command_info events_command() {
  return {.name = "events",
          .group = command_group::inspection,
          .usage = "[NAME… | PATTERN… | all]",
          .summary = "show what happened and why",
          .options = {option::follow, option::tail, option::since, option::grep},
          .most_words = any_number,
          .examples = {"alder events", "alder events -f api", "alder events 'api:*'",
                       "alder events --since 1h --grep 'gave up|failed'"},
          .run = run_events};
}

} // namespace alder::cli
