// When a service is to be run or restarted by the clock.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder {

/// A cron expression. A day must be in `days` and in `weekdays` when one of the two is not restricted, in either of
/// them when both are.
struct cron_expression {
  std::bitset<60> seconds;
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;    ///< 1 to 31
  std::bitset<13> months;  ///< 1 to 12
  std::bitset<7> weekdays; ///< 0: Sunday
  bool last_day = false;   ///< `L`: the last day of the month
  bool any_day = false;    ///< the field is `*`
  bool any_weekday = false;
  /// Hour, minute and second are one number each. Such a time is kept when the clocks change: once, and right after the
  /// gap when it falls into one. Others follow the clock: not in a gap, and twice where an hour is there twice.
  bool is_fixed = false;
  std::string text; ///< as it was written

  bool operator==(const cron_expression&) const = default;
};

/// The offsets of a time zone from UTC.
struct time_zone {
  struct change {
    std::int64_t at = 0;     ///< seconds since 1970, UTC
    std::int32_t offset = 0; ///< seconds east of UTC, from then on
    bool operator==(const change&) const = default;
  };
  /// What holds after the last change: two yearly changes, or none.
  struct yearly_rule {
    std::uint8_t month = 1;   ///< 1 to 12
    std::uint8_t week = 1;    ///< 1 to 5; 5: the last
    std::uint8_t weekday = 0; ///< 0: Sunday
    std::int32_t time = 0;    ///< seconds after midnight, local time before the change
    std::int32_t offset = 0;  ///< from then on
    bool operator==(const yearly_rule&) const = default;
  };
  std::string name;       ///< "Europe/Berlin", "UTC"; "local"
  std::int32_t first = 0; ///< offset before the first change
  std::vector<change> changes;
  std::optional<std::array<yearly_rule, 2>> yearly;

  bool operator==(const time_zone&) const = default;
};

/// A task is run then, another service restarted.
struct schedule_spec {
  std::optional<cron_expression> cron;
  time_zone zone;
  std::chrono::milliseconds max_age{0}; ///< it is restarted when it has run for so long; 0: never
  double jitter = 0;                    ///< 0 to 1: share of max_age that is added or taken away at random

  [[nodiscard]] bool any() const { return cron.has_value() || max_age.count() > 0; }
  bool operator==(const schedule_spec&) const = default;
};

} // namespace alder
