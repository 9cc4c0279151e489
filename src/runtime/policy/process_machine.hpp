// One process from its launch to its end: start, readiness and the stop sequence. Pure: events in, effects out.
//
//   phase       event            leads to
//   fresh       launch_asked     preparing when there is a hook, else launching
//   fresh       stop_asked       gone: the start failed
//   preparing   hook_done, time  launching, or gone: the start failed
//   preparing   stop_asked       gone: the start failed
//   launching   stop_asked       launching: it is stopped as soon as it is there
//   launching   launched         waiting (readiness is checked) or running; stopping when a stop came meanwhile
//   launching   refused          gone: the start failed
//   launching   ignored          gone: it is not to run here
//   waiting     ready            running: the start succeeded
//   waiting     not_ready        waiting: it is checked again
//   waiting     time             stopping, then the start has failed, unless the program asked for more
//   waiting     exited           stopping what is left, then the start has failed
//   waiting     a task exited well   likewise, verifying if it has a check; then the start succeeded, and it is gone
//   running     exited           stopping what is left, then gone
//   running     not well         stopping, then it has crashed (policy/vital_signs)
//   waiting     stop_asked       stopping, then the start has failed
//   running     stop_asked       stopping: a hook, steps, signal, and SIGKILL to all that is left after the timeout
//   stopping    hook_done, time  stopping: the first step
//   stopping    exited           stopping, until no member is left
//   stopping    members_gone     cleaning or gone, if the main process has ended
//   stopping    time             the next step; after the last killing, unless the program asked for more
//   sweeping    members_gone     cleaning or gone
//   killing     members_gone     cleaning or gone
//   sweeping, killing   time     cleaning or gone: what survives SIGKILL is given up
//   verifying   ready, not_ready, time, stop_asked   cleaning or gone
//   cleaning    hook_done, time  gone
// "Members" are the processes that belong to the service besides its main one: children, also those that left its
// session. With `kill_leftovers`, or if the stop signal is SIGKILL, those that the main process left behind are not
// asked: then "stopping what is left" is sweeping. It is cleaning only if there is a hook for it and it has run.
#pragma once

#include "runtime/policy/deadline.hpp"
#include "runtime/policy/hook_turn.hpp"
#include "runtime/policy/process_end.hpp"
#include "runtime/policy/process_events.hpp"
#include "runtime/policy/stop_sequence.hpp"
#include "runtime/policy/vital_signs.hpp"

#include "alder/cause.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace alder::policy {

/// After SIGKILL a process that is still there is stuck in the kernel: we stop waiting for it after this time.
inline constexpr milliseconds kill_patience{10000};

class process_machine {
public:
  enum class phase : std::uint8_t {
    fresh,
    preparing,
    launching,
    waiting,
    running,
    stopping,
    killing,
    sweeping,
    verifying,
    cleaning,
    gone
  };

  /// The specification must outlive this.
  explicit process_machine(const service_spec& spec) : spec_(spec) {}

  /// `now`: of any monotonic clock; it counts only for a program that asks for more time.
  [[nodiscard]] process_effects handle(const process_event& e, std::chrono::steady_clock::time_point now = {});
  [[nodiscard]] phase now_in() const { return static_cast<phase>(state_.index()); }
  /// Of the main process, when it has ended.
  [[nodiscard]] const std::optional<exit_status>& status() const { return end_.status; }
  /// Why it is stopped, when nobody asked for that.
  [[nodiscard]] std::optional<std::string> unwell() const {
    return end_.forced ? std::optional{end_.forced->why} : std::nullopt;
  }
  /// The same, for a machine that takes the process over.
  [[nodiscard]] std::optional<forced_end> forced() const { return end_.asked ? std::nullopt : end_.forced; }
  /// Why it ended, for people; only when there is a status.
  [[nodiscard]] std::string last_words() const {
    return failure_.value_or(reason_of(spec_, stop_rules(), end_).detail);
  }

private:
  // What belongs to each phase, in the order of `phase`.
  struct fresh {};
  struct preparing {
    hook_turn hook;
    bool on_demand = false;
  };
  struct launching {
    bool on_demand = false;
    bool must_stop = false; ///< asked to stop meanwhile
  };
  struct waiting {
    deadline limit;
    complaints known;             ///< from before
    std::uint64_t next_check = 0; ///< timer
    unsigned checks = 0;          ///< that failed
    std::string last_check;       ///< why the last one did
  };
  struct running {
    vital_signs signs;
  };
  struct stopping {
    stop_sequence asked;
    std::optional<hook_turn> hook; ///< asking waits for it
  };
  struct killing {
    std::uint64_t limit = 0;
  };
  struct sweeping {
    std::uint64_t limit = 0;
  };
  struct verifying {
    std::uint64_t limit = 0;
  };
  struct cleaning {
    hook_turn hook;
  };
  struct gone {};
  using state = std::variant<fresh, preparing, launching, waiting, running, stopping, killing, sweeping, verifying,
                             cleaning, gone>;

  // start
  void begin(const launch_asked& asked);
  void launch(bool on_demand);
  void on_launched(const launched& e);
  void await_readiness(const launched& e);
  void on_check(const check_answered& e);
  void on_started(complaints known, std::optional<deadline::time_point> extended_until, bool is_new);
  void fail_start(std::string why);
  // while it runs
  void on_verdict(vital_signs::verdict end);
  template <class Ask> void while_running(const Ask& ask);
  // time
  void on_timer(const timer_due& timer);
  void on_waiting_timer(waiting& now, std::uint64_t token);
  void on_running_timer(running& now, const timer_due& timer);
  void on_stopping_timer(stopping& now, const timer_due& timer);
  void on_more_time(milliseconds time);
  void give_up_members();
  // hooks
  void on_hook(const hook_done& e);
  void on_prepared(const preparing& was, const std::string& failure);
  void on_stop_hook_over(stopping& now, const std::string& failure);
  void on_cleaned(const cleaning& was, const std::string& failure);
  void on_after_start(const std::string& failure);
  // stop
  void on_stop(const stop_requested& e);
  void begin_stop();
  void ask_to_stop();
  void begin_kill();
  void sweep();
  // end
  void on_exited(const main_exited& e);
  void end_waiting(exit_status status);
  void stop_the_rest(bool hook_is_over);
  void finish();
  void verify();
  void on_verified(bool good, const std::string& why);
  void clean_up();
  void conclude();
  [[nodiscard]] bool did_its_task() const;
  [[nodiscard]] const stop_spec& stop_rules() const { return stop_ ? *stop_ : spec_.stop; }
  void emit(process_effect e) { out_.emit(std::move(e)); }

  const service_spec& spec_;
  process_output out_;
  state state_;
  process_end end_;
  std::optional<stop_spec> stop_;        ///< newer than the specification's
  std::optional<hook_turn> after_start_; ///< a hook that nobody waits for
  std::optional<std::string> failure_;   ///< the start has failed, for this reason
  bool starting_ = true;                 ///< nothing was reported yet
  bool was_launched_ = false;
};

} // namespace alder::policy
