// How something ended, and what is left of a restart budget: parts of nodes, events and details.
#pragma once

#include "runtime/wire/json_value.hpp"

#include "alder/exit_status.hpp"
#include "alder/snapshot.hpp"

#include <optional>
#include <string>

namespace alder::wire {

struct exit_view {
  std::string text;        ///< "code 1", "SIGSEGV", "unknown"
  std::optional<int> code; ///< none: it was a signal, or nobody knows
  std::string signal;      ///< "SIGSEGV"
  std::optional<wall_time> at;
};
[[nodiscard]] exit_view view_of(const exit_status& status);
void to_json(json_value& value, const exit_view& view);
void from_json(const json_value& value, exit_view& view);

struct intensity_view {
  unsigned max = 0;
  milliseconds window{0};
  unsigned used = 0;
  unsigned left = 0;
  std::optional<milliseconds> oldest_expires; ///< until the oldest counted restart no longer counts
};
/// Of a supervisor.
[[nodiscard]] intensity_view intensity_of(const node_snapshot& node);
void to_json(json_value& value, const intensity_view& view);
void from_json(const json_value& value, intensity_view& view);

} // namespace alder::wire
