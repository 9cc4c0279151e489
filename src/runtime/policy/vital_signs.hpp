// What is watched while a process runs: its heartbeat, its health check, what it uses, how long its task takes. What is
// wrong is reported, or is the reason to end it.
//
//   event                     while                       leads to
//   heartbeat                 it is waited for            its time begins anew; the complaint about it is over
//   the time for it is over   the program asked for more  wait for that
//                             first time                  wait for what may have been said meanwhile
//                             second time                 trouble
//   health check due          none is under way           ask
//   answer, or no answer      under way                   so many failures in a row: trouble; successes: well again
//   usage                     above a limit               so long: trouble; below 90 % of all limits: well again
//   task time over            it is a task                trouble, and it is not to be restarted
// Trouble is ended by what `on_failure` says: a complaint, or the end of the process. Each complaint is told once, and
// holds until what it is about is well again.
#pragma once

#include "runtime/policy/deadline.hpp"
#include "runtime/policy/process_events.hpp"

#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder::policy {

/// When the time for a heartbeat is over it is waited this much longer: what the program said while we did not run is
/// read first.
inline constexpr milliseconds last_chance{250};
/// Usage below this share of a limit ends an excess that has begun.
inline constexpr double usage_hysteresis = 0.9;

class vital_signs {
public:
  /// Why the process must be ended now; none: it need not be.
  using verdict = std::optional<forced_end>;

  /// `known`: what was reported before and still holds. `extended_until`: the program asked for so much time before.
  /// The specification must outlive this.
  vital_signs(const service_spec& spec, complaints known, std::optional<deadline::time_point> extended_until);

  /// It runs from now on.
  void begin(process_output& out);
  void on_heartbeat(process_output& out);
  /// The next heartbeat may come so much later.
  void on_more_time(milliseconds time, const process_output& out);
  [[nodiscard]] verdict on_timer(std::uint64_t token, process_output& out);
  [[nodiscard]] verdict on_health(const health_answered& e, process_output& out);
  [[nodiscard]] verdict on_usage(const usage_sampled& e, process_output& out);
  /// The program said that it cannot go on.
  [[nodiscard]] verdict on_unwell(const std::string& why, process_output& out);
  /// It ends: nothing is waited for any more.
  void end(process_output& out);

private:
  [[nodiscard]] verdict on_missing_heartbeat(process_output& out);
  void ask_health(process_output& out);
  [[nodiscard]] verdict trouble(const std::string& why, remedy then, const std::string& about, process_output& out);
  void well_again(const std::string& about, process_output& out);

  const service_spec& spec_;
  complaints reported_; ///< that people know of
  deadline beat_;
  bool is_last_chance_ = false;
  std::uint64_t health_due_ = 0; ///< timers
  std::uint64_t health_limit_ = 0;
  std::uint64_t health_asked_ = 0; ///< the check under way; 0: none
  unsigned health_failures_ = 0;
  unsigned health_successes_ = 0;
  std::uint64_t usage_due_ = 0;
  unsigned over_limit_ = 0; ///< samples in a row
  std::uint64_t task_due_ = 0;
};

} // namespace alder::policy
