// Moments as people write them.
#pragma once

#include "alder/error.hpp"
#include "alder/event.hpp"

#include <string>

namespace alder::cli {

/// "10m" (that long ago), "14:30" and "14:30:05" (today, local time), "2026-11-28", "2026-11-28 14:30[:05[.123]]" with
/// a blank or T (local time), the same with Z (UTC). Errors: invalid_input.
[[nodiscard]] result<wall_time> read_moment(const std::string& text, wall_time now);

} // namespace alder::cli
