// What happens to one process, and what is to be done about it: the events and effects of policy/process_machine and
// its parts.
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
/// OTP's `ignore`, which the conformance stage alone says.
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

/// What one event leads to, while it is found out.
class process_output {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What follows belongs to an event of this moment.
  void begin(time_point now) {
    now_ = now;
    effects_.clear();
  }
  [[nodiscard]] process_effects take() { return std::exchange(effects_, {}); }
  [[nodiscard]] time_point now() const { return now_; }

  void emit(process_effect e) { effects_.push_back(std::move(e)); }
  /// For a timer or a question; never 0, never the same again.
  [[nodiscard]] std::uint64_t new_token() { return ++last_token_; }
  /// Arms a timer; the token with which it will be due.
  std::uint64_t arm(milliseconds after) {
    const auto token = new_token();
    emit(arm_timer{token, after});
    return token;
  }

private:
  process_effects effects_;
  std::uint64_t last_token_ = 0;
  time_point now_{};
};

} // namespace alder::policy
