// What to do about a child that ended or did not start: the built-in decider, as one pure function.
//
// Restart intensity is OTP's (supervisor.erl, add_restart/3): restarts := [now] + those not older than the period,
// permitted while there are at most max_restarts of them; one exactly as old as the period still counts. The delay is
// ours: OTP has none.
#pragma once

#include "runtime/policy/restart_history.hpp"

#include "alder/cause.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace alder::policy {

/// Everything a decider needs; it keeps nothing between questions.
struct restart_request {
  restart_kind restart = restart_kind::permanent;
  std::optional<exit_reason> exit; ///< none: an automatic start attempt failed and is to be repeated
  alder::intensity intensity;
  restart_history restarts; ///< of the whole supervisor
  alder::backoff backoff;
  unsigned attempts = 0;               ///< restarts of this child since it last ran for backoff.reset_after
  std::optional<milliseconds> ran_for; ///< how long the process that ended had run
  double random = 0.5;                 ///< [0, 1): spreads the delay
  time_point now;

  bool operator==(const restart_request&) const = default;
};

struct restart_verdict {
  enum class action : std::uint8_t {
    restart, ///< after `delay`
    leave,   ///< the child stays, stopped
    forget,  ///< the child is removed
    give_up, ///< the intensity is exceeded: the supervisor ends
  };
  action what = action::restart;
  milliseconds delay{0};
  restart_history restarts; ///< the history to send with the next question
  unsigned attempts = 0;    ///< likewise

  bool operator==(const restart_verdict&) const = default;
};

[[nodiscard]] restart_verdict decide(const restart_request& request);

/// The delay before attempt number `attempt` (from 0); `random` in [0, 1). Between 0 and max * (1 + jitter).
[[nodiscard]] milliseconds backoff_delay(const alder::backoff& rules, unsigned attempt, double random);

} // namespace alder::policy
