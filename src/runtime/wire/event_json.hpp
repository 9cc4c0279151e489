// Events: as the API shows them, and as the event history keeps them.
#pragma once

#include "runtime/wire/node_parts.hpp"
#include "runtime/wire/problem_json.hpp"

#include "alder/error.hpp"
#include "alder/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace alder::wire {

/// An event in the words of the API, some of which a reader may not know.
struct event_view {
  std::uint64_t seq = 0;
  std::optional<wall_time> at;
  std::string kind; ///< "restart_planned"
  std::string tree;
  std::string name;
  int pid = 0;
  unsigned generation = 0;
  std::optional<exit_view> exit{};
  std::optional<milliseconds> delay{}; ///< of restart_planned
  struct cause_view {
    std::string kind; ///< "request", "own_exit" …
    std::string origin;
    std::string detail;
    std::string strategy;
  } cause{};
  std::string text; ///< the whole event as a sentence
};
[[nodiscard]] event_view view_of(const event& e);
void to_json(json_value& value, const event_view& view);
void from_json(const json_value& value, event_view& view);

[[nodiscard]] std::string event_json(const event& e);
/// Reads what `event_json` wrote; fields it does not know are ignored. Errors (invalid_input): not JSON, nested more
/// than 32 deep, no `seq`, `at` or `kind`, a value that cannot be.
[[nodiscard]] result<event> parse_event(std::string_view text);

/// What a follower that was too slow gets instead of events.
struct event_gap {
  std::uint64_t missed = 0;
};
[[nodiscard]] std::string event_gap_json(const event_gap& gap);

/// One object of a stream of events; the last one of a change is its result.
using event_item = std::variant<event_view, event_gap, operation_result>;
/// Errors (io): not an object.
[[nodiscard]] result<event_item> read_event_item(std::string_view text);

} // namespace alder::wire
