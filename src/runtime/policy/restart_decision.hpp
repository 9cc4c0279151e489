// What to do about a child that ended or did not start: the built-in decider, as one pure function.
//
// Restart intensity is OTP's (supervisor.erl, add_restart/3): restarts := [now] + those not older than the period,
// permitted while there are at most max_restarts of them; one exactly as old as the period still counts. The rest is
// ours: OTP has none of it. In this order, the first that applies decides:
//   1. restart kind: temporary is forgotten, transient after a clean exit stays down
//   2. an exit that is final (fatal_exit_codes, a remedy "fail"): the child has failed
//   3. restart_limit.max_unstable: too many starts in a row that ended young or did not succeed: the child has failed
//   4. intensity of the supervisor: it gives up
//   5. the delay, whichever is longer:
//      - that of backoff
//      - the time until fewer than restart_limit.hourly restarts are younger than an hour
#pragma once

#include "runtime/policy/restart_history.hpp"

#include "alder/cause.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::policy {

/// What is remembered of one child between its restarts, for its restart_limit.
struct restart_memory {
  unsigned unstable = 0;          ///< starts in a row that ended within min_uptime
  std::vector<time_point> hourly; ///< its restarts of the last hour, newest first; only with a limit

  bool operator==(const restart_memory&) const = default;
};

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
  restart_limit limit{};
  restart_memory memory{};

  bool operator==(const restart_request&) const = default;
};

struct restart_verdict {
  enum class action : std::uint8_t {
    restart, ///< after `delay`
    leave,   ///< the child stays, stopped
    fail,    ///< likewise, and it has failed: `why`
    forget,  ///< the child is removed
    give_up, ///< the intensity is exceeded: the supervisor ends
  };
  action what = action::restart;
  milliseconds delay{0};
  restart_history restarts; ///< the history to send with the next question
  unsigned attempts = 0;    ///< likewise
  restart_memory memory{};  ///< likewise
  std::string why{};        ///< of fail; and of a delay that is longer than the backoff's

  bool operator==(const restart_verdict&) const = default;
};

[[nodiscard]] restart_verdict decide(const restart_request& request);

/// The delay before attempt number `attempt` (from 0); `random` in [0, 1). Between 0 and max * (1 + jitter).
[[nodiscard]] milliseconds backoff_delay(const alder::backoff& rules, unsigned attempt, double random);

} // namespace alder::policy
