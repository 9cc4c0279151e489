// How long lines that were offered to an actor wait for its answer, before what comes after them is lost.
#pragma once

#include <chrono>

namespace alder::policy {

/// What was offered, at this moment.
struct open_offer {
  std::chrono::nanoseconds age{0}; ///< since it was offered
  bool is_half_full = false;       ///< the pipe: soon the service would have to wait
  bool blocks = false;             ///< nothing may be lost
};

struct offer_step {
  bool give_up = false;              ///< the service comes first: what comes now is lost
  std::chrono::milliseconds wait{0}; ///< else: until the next look
  bool operator==(const offer_step&) const = default;
};

/// A service whose output may be lost waits for an actor no longer than `full_patience`, and its lines, however few, no
/// longer than `patience`.
[[nodiscard]] offer_step next_step(const open_offer& offer);

inline constexpr std::chrono::milliseconds full_patience{100};
inline constexpr std::chrono::milliseconds patience{1000};

} // namespace alder::policy
