// When a cron expression comes true next, in a time zone whose clocks may change.
#pragma once

#include "alder/schedule.hpp"

#include <chrono>
#include <optional>

namespace alder::policy {

using std::chrono::sys_seconds;

/// The offset of a zone from UTC at a moment.
[[nodiscard]] std::chrono::seconds offset_at(const time_zone& zone, sys_seconds at);

/// The first change of a zone's offset after a moment; none: it stays as it is.
[[nodiscard]] std::optional<time_zone::change> change_after(const time_zone& zone, sys_seconds at);

/// The first moment after `after` at which the expression holds; nothing within 12 years: it never does.
[[nodiscard]] std::optional<sys_seconds> next_time(const cron_expression& when, const time_zone& zone,
                                                   sys_seconds after);

/// How long a process may run that was started with `random` in [0, 1).
[[nodiscard]] std::chrono::milliseconds age_limit(const schedule_spec& schedule, double random);

} // namespace alder::policy
