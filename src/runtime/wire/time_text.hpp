// Moments as text: ISO 8601 in UTC with milliseconds, "2026-11-22T17:45:02.113Z".
#pragma once

#include "alder/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace alder::wire {

/// Years outside 0 to 9999 are shown as the nearest of these.
[[nodiscard]] std::string time_text(wall_time at);

/// Reads what `time_text` writes, with any number of digits (0 to 9) after the second; more than three are cut off.
/// Nothing for anything else: another zone, a date that does not exist.
[[nodiscard]] std::optional<wall_time> parse_time(std::string_view text);

} // namespace alder::wire
