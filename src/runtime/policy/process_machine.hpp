// One process from its launch to its end, with readiness, health and the stop sequence. Pure: events in, effects out.
//
//   phase       event            leads to
//   new         launch_asked     launching
//   launching   launched         waiting (readiness is checked) or running; stopping when a stop came meanwhile
//   launching   refused          gone: the start failed
//   launching   ignored          gone: it is not to run here
//   waiting     ready            running: the start succeeded
//   waiting     not_ready, time  stopping, then the start has failed
//   waiting     exited           stopping what is left, then the start has failed
//   running     exited           stopping what is left, then gone
//   waiting     a task exited well   likewise, verifying if it has a check; then the start succeeded, and it is gone
//   running     not well         stopping, then it has crashed: no heartbeat, failed checks, above its limits
//   preparing   hook_done        launching, or gone: the start failed
//   cleaning    hook_done, time  gone
//   any before  stop_asked       stopping: steps, signal, and SIGKILL to all that is left after the timeout
//   stopping    exited           stopping, until no member is left
//   stopping    members_gone     gone, if the main process has ended
//   stopping    time             killing, unless the program asked for more
//   sweeping    members_gone     gone
//   killing     members_gone     gone
// "Members" are the processes that belong to the service besides its main one: children, also those that left its
// session. With `kill_leftovers`, or if the stop signal is SIGKILL, those that the main process left behind are not
// asked: then "stopping what is left" is sweeping.
#pragma once

#include "alder/cause.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace alder::policy {

// -- events

/// `on_demand`: somebody wants a task to run, rather than its supervisor to have it done: the start is over when it
/// runs. `takes_over`: it may run already, so that what comes before a start is over. `was_stopped`: somebody asked it
/// to stop before it was taken over, so that its end was asked for, whenever it comes. `forced`: it was being ended
/// before it was taken over, because it did not work.
struct launch_asked {
  bool on_demand = false;
  bool takes_over = false;
  bool was_stopped = false;
  std::optional<forced_end> forced = {};
};
/// What is reported against a running service and still holds, by what is watched: "heartbeat", "health", "limits".
using complaints = std::map<std::string, std::string>;
/// It runs. `adopted`: it had been running before, and counts as ready unless it was `waiting`; then it has what is
/// `left` of its time to become ready. `known`: what was reported against it before.
struct launched {
  int pid = 0;
  bool adopted = false;
  bool waiting = false;
  std::optional<milliseconds> left = {}; ///< none: all of it
  complaints known = {};
};
struct launch_refused {
  std::string detail;
};
struct launch_ignored {
  std::string detail;
};
/// One attempt of the readiness check ended.
struct check_answered {
  bool ready = false;
  std::string detail; ///< why not
};
/// A timer armed by `arm_timer` is due.
struct timer_due {
  std::uint64_t token = 0;
};
/// The main process ended. `members_left`: others of this service are still there.
struct main_exited {
  exit_status status;
  bool members_left = false;
  std::string kernel_words = {}; ///< why, if the kernel says so: it ran out of its memory
};
struct members_gone {};
/// `cut_short`: what is under way is a start, which then has failed.
struct stop_requested {
  bool cut_short = false;
  std::optional<stop_spec> how = {}; ///< instead of what its specification says
};

/// The program said that it is ready, over the channel its readiness waits for.
struct declared_ready {};
/// The program said that it lives.
struct heartbeat {};
/// The program asked for more time: for its start, its stop or its next heartbeat, whichever is under way. It never
/// leaves it less than it has.
struct more_time {
  milliseconds time{0};
};
/// The program asked to be restarted because it cannot go on.
struct declared_unwell {
  std::string detail;
};
/// The answer to `check_health` of this token.
struct health_answered {
  std::uint64_t token = 0;
  bool good = false;
  std::string detail; ///< why not
};
/// The answer to `sample_usage`.
struct usage_sampled {
  std::uint64_t memory = 0; ///< bytes, of all its processes
  double cpu = 0;           ///< processors, since the sample before
};

/// The answer to `run_hook`.
struct hook_done {
  std::uint64_t token = 0;
  std::string failure; ///< empty: it succeeded
};

using process_event = std::variant<launch_asked, launched, launch_refused, launch_ignored, check_answered, timer_due,
                                   main_exited, members_gone, stop_requested, declared_ready, heartbeat, more_time,
                                   declared_unwell, health_answered, usage_sampled, hook_done>;

// -- effects

struct do_launch {};
struct check_ready {}; ///< try the readiness check once
struct arm_timer {
  std::uint64_t token = 0;
  milliseconds after{0};
};
struct check_health { ///< answer: health_answered
  std::uint64_t token = 0;
};
struct cancel_health {}; ///< the answer is not waited for any more
struct sample_usage {};  ///< answer: usage_sampled
struct signal_all {      ///< main process and members
  int signal = 0;
  bool main_only = false;
};
struct run_stop_command { ///< of the stop step with this index
  std::size_t step = 0;
  std::vector<std::string> command;
};
/// Run this hook of the specification; answer: hook_done with this token.
struct run_hook {
  enum class moment : std::uint8_t { before_start, after_start, before_stop, after_exit };
  moment when = moment::before_start;
  std::uint64_t token = 0;
};
struct cancel_hook { ///< its time is over: it is killed, its answer is not waited for
  std::uint64_t token = 0;
};
struct ask_to_shut_down {}; ///< the message "shutdown" over IPC
struct health_changed {
  std::string why; ///< it is not well; empty: it is
  complaints reported = {};
};
struct kill_all {};      ///< SIGKILL to main process and members until none is left; answer: members_gone
struct await_members {}; ///< answer members_gone when no member is left
struct start_succeeded {};
struct start_failed {
  std::string detail;
};
struct start_ignored {
  std::string detail;
};
struct process_gone {
  exit_reason reason;
};
struct warn { ///< something people should know
  std::string text;
};

using process_effect =
    std::variant<do_launch, check_ready, arm_timer, signal_all, kill_all, await_members, start_succeeded, start_failed,
                 start_ignored, process_gone, warn, check_health, cancel_health, sample_usage, run_stop_command,
                 ask_to_shut_down, health_changed, run_hook, cancel_hook>;
using process_effects = std::vector<process_effect>;

/// After SIGKILL a process that is still there is stuck in the kernel: we stop waiting for it after this time.
inline constexpr milliseconds kill_patience{10000};
/// When the time for a heartbeat is over it is waited this much longer: what the program said while we did not run is
/// read first.
inline constexpr milliseconds last_chance{250};
/// Usage below this share of a limit ends an excess that has begun.
inline constexpr double usage_hysteresis = 0.9;

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

  explicit process_machine(const service_spec& spec) : spec_(spec) {}

  /// `now`: of any monotonic clock; it counts only for a program that asks for more time.
  [[nodiscard]] process_effects handle(const process_event& e, std::chrono::steady_clock::time_point now = {});
  [[nodiscard]] phase now_in() const { return phase_; }
  [[nodiscard]] const std::optional<exit_status>& status() const { return status_; }
  /// Why it is stopped, when nobody asked for that.
  [[nodiscard]] const std::optional<std::string>& unwell() const { return unwell_; }
  /// The same, for a machine that takes the process over.
  [[nodiscard]] std::optional<forced_end> forced() const {
    return unwell_ && !asked_ ? std::optional{forced_end{*unwell_, is_final_}} : std::nullopt;
  }
  /// Why it ended, for people; only when there is a status.
  [[nodiscard]] std::string last_words() const { return failure_.value_or(reason().detail); }

private:
  void on_launched(const launched& e);
  void on_check(const check_answered& e);
  void on_timer(std::uint64_t token);
  void on_exited(const main_exited& e);
  void on_stop(const stop_requested& e);
  void on_more_time(milliseconds time);
  void on_heartbeat();
  void on_health(const health_answered& e);
  void on_usage(const usage_sampled& e);
  void on_started();
  void begin_watching();
  void on_watch_timer(std::uint64_t token);
  void not_well(const std::string& why, remedy then, const std::string& about);
  void well_again(const std::string& about);
  void begin_stop();
  void next_stop_step();
  void ask_the_rest();
  void sweep();
  void begin_kill();
  void finish();
  void on_waiting_exit(const exit_status& status);
  [[nodiscard]] bool did_its_task() const;
  void verify();
  void on_verified(const check_answered& e);
  void begin(const launch_asked& asked);
  bool begin_hook(run_hook::moment when);
  void on_hook(const hook_done& e);
  void end_hook(const std::string& failure);
  void give_up_hook();
  [[nodiscard]] exit_reason reason() const;
  [[nodiscard]] exit_reason seen() const;
  [[nodiscard]] const stop_spec& stop_rules() const { return stop_ ? *stop_ : spec_.stop; }
  [[nodiscard]] std::string patience(milliseconds usual) const;
  void arm(std::uint64_t& slot, milliseconds after);
  void arm_deadline(milliseconds after);
  bool rearm_if_extended(std::uint64_t& slot);
  void emit(process_effect e) { out_.push_back(std::move(e)); }

  const service_spec& spec_;
  std::optional<stop_spec> stop_; ///< newer than the specification's
  phase phase_ = phase::fresh;
  std::optional<exit_status> status_;  ///< of the main process, when it has ended
  std::string kernel_words_;           ///< about its end
  std::optional<std::string> failure_; ///< the start has failed, for this reason
  bool starting_ = true;               ///< nothing was reported yet
  bool stop_pending_ = false;          ///< asked to stop while launching
  bool asked_ = false;                 ///< its end was asked for
  bool killed_ = false;                ///< we sent SIGKILL
  std::string last_check_;             ///< why the last readiness check failed
  std::uint64_t last_token_ = 0;
  std::chrono::steady_clock::time_point now_{};
  std::uint64_t deadline_ = 0; ///< the timer that counts: readiness, stop, kill
  /// Until when the program asked for, of that deadline or of its next heartbeat.
  std::optional<std::chrono::steady_clock::time_point> extended_until_;
  bool was_extended_ = false; ///< the deadline that counts has passed once
  std::uint64_t next_check_ = 0;
  unsigned checks_ = 0; ///< readiness checks that failed
  std::size_t stop_step_ = 0;
  std::optional<std::string> unwell_; ///< it is stopped for this reason
  bool is_final_ = false;             ///< and is not to be restarted
  complaints reported_;               ///< that people know of
  std::uint64_t beat_ = 0;            ///< timers, as deadline_
  std::uint64_t health_due_ = 0;
  std::uint64_t health_deadline_ = 0;
  std::uint64_t usage_due_ = 0;
  std::uint64_t task_due_ = 0;
  std::uint64_t hook_ = 0; ///< the one that is waited for; 0: none
  run_hook::moment hook_moment_ = run_hook::moment::before_start;
  std::uint64_t after_start_ = 0; ///< a hook that nobody waits for …
  std::uint64_t after_start_due_ = 0;
  bool was_launched_ = false;
  bool is_new_ = true;      ///< not one that was ready before this daemon came
  bool is_cleaned_ = false; ///< the hook after its exit has run
  bool on_demand_ = false;
  bool verified_ = false;
  std::uint64_t health_token_ = 0; ///< of the check under way; 0: none
  bool on_last_chance_ = false;
  unsigned health_failures_ = 0;
  unsigned health_successes_ = 0;
  unsigned over_limit_ = 0; ///< samples in a row
  process_effects out_;
};

/// The key of a hook, and its command.
[[nodiscard]] std::string_view word(run_hook::moment when);
[[nodiscard]] const std::vector<std::string>& command_of(const hooks_spec& hooks, run_hook::moment when);

/// How the exit of a main process is seen by supervision when nobody asked for it (docs/supervision.md, "Decide whether
/// a child is restarted").
[[nodiscard]] exit_reason classify_exit(const service_spec& spec, exit_status status);

} // namespace alder::policy
