// When a daemon that ended is started again: at once, or after a growing delay while it keeps ending young.
#pragma once

#include <algorithm>
#include <chrono>

namespace alder::keeper {

/// A daemon that lived shorter than this is not worth starting again at once.
inline constexpr std::chrono::milliseconds short_life{3'000};
inline constexpr std::chrono::milliseconds first_respawn_delay{100};
inline constexpr std::chrono::milliseconds longest_respawn_delay{10'000};

struct respawn {
  unsigned short_lives = 0; ///< daemons in a row that ended young, this one included
  std::chrono::milliseconds delay{0};

  bool operator==(const respawn&) const = default;
};

/// `short_lives` as the last decision left it, 0 at first; `lifetime` of the daemon that has just ended. The delay
/// after the k-th young end in a row (from 0) is 100 ms × 2^k, at most 10 s; none after a daemon that was old enough.
[[nodiscard]] constexpr respawn after_daemon_end(unsigned short_lives, std::chrono::milliseconds lifetime) {
  if (lifetime >= short_life) return {};
  constexpr unsigned most_doublings = 7; // 12.8 s is beyond the longest delay
  const auto delay = first_respawn_delay * (1 << std::min(short_lives, most_doublings));
  return {std::min(short_lives, most_doublings) + 1, std::min(delay, longest_respawn_delay)};
}

} // namespace alder::keeper
