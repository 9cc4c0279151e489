// How many lines a service may write: `max_rate` a second, and as many at once after a silence.
#pragma once

#include "alder/log_spec.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace alder::policy {

/// What is to be done with bytes that have come: one of the three is not 0.
struct rate_step {
  std::size_t write = 0;            ///< so many are written now
  std::size_t drop = 0;             ///< so many are lost
  std::chrono::nanoseconds wait{0}; ///< all of them wait so long
  bool tell = false;                ///< that lines are lost
  bool operator==(const rate_step&) const = default;
};

/// Of one stream.
class line_rate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `bytes` is not empty, and `rules` have a rate. `in_line`: they go on with a line that has begun, which is ended in
  /// any case. What is lost is told once a minute.
  [[nodiscard]] rate_step next(std::string_view bytes, const log_spec& rules, bool in_line, time_point now);

private:
  [[nodiscard]] std::size_t take(std::string_view bytes, bool in_line);

  double lines_ = 0; ///< that may be written at this moment
  time_point counted_at_{};
  std::optional<time_point> told_at_;
};

} // namespace alder::policy
