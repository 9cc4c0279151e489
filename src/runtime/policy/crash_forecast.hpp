// What a tree does when one of its services keeps crashing: the real supervision, played on a clock of its own.
//
// The tree has been up for long. Then the service ends with a failure, and does so again as soon as it has started, as
// often as it is started; everything else starts at once and stays up. Delays are those without jitter.
#pragma once

#include "alder/spec.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace alder::policy {

/// A supervisor that ended because of it: it gave up, or shut itself down (auto_shutdown).
struct supervisor_loss {
  std::string supervisor;
  milliseconds after{0}; ///< since the first crash
  bool gave_up = true;
  std::vector<std::string> services; ///< below it, in start order; a pool once, by its name

  bool operator==(const supervisor_loss&) const = default;
};

struct crash_forecast {
  std::string service; ///< of the instances of a pool: the pool
  std::string supervisor;
  std::vector<milliseconds> delays;    ///< before its restarts, until one of these ends them
  bool goes_on = false;                ///< none does: it is restarted again and again, the last delay each time
  std::vector<std::string> along;      ///< services that are restarted with it each time
  std::vector<supervisor_loss> losses; ///< the first of each supervisor, in order of time
  std::vector<std::string> stays_down; ///< what was not restarted any more: itself, or a supervisor
  bool tree_fails = false;             ///< the root is among the losses
  /// What all instances of a pool do that crash together, as they do when what all of them need is away; delays are
  /// those of each.
  struct together {
    unsigned instances = 0; ///< 0: it is one that crashes alone
    /// Of all of them, in the first `period`, with the shortest delays and if nobody gave up; nothing: without a pause.
    std::optional<std::size_t> restarts;
    unsigned most_restarts = 0; ///< that the pool's intensity allows
    milliseconds period{0};     ///< of that

    bool operator==(const together&) const = default;
  };
  together at_once{};

  bool operator==(const crash_forecast&) const = default;
};

/// Looks this far ahead.
inline constexpr std::chrono::hours forecast_horizon{1};

/// One for each service that is not a task, in start order, followed for a pool by one for all its instances together.
/// Services that differ only in name are simulated once. `only`: for this service, pool, instance or supervisor with
/// everything below it; empty if there is none.
[[nodiscard]] std::vector<crash_forecast> forecast_crashes(const supervisor_spec& root, const std::string& only = {});

} // namespace alder::policy
