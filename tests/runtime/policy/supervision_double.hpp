// A tree of policy::supervision machines with doubles in place of processes, a mailbox a supervisor and a clock that
// only moves when told to: what OTP's supervisors would do, message by message.
//
// A mailbox is first in, first out, and everything goes through it: exits, calls, the supervisor's own retries and the
// answers of its children.
#pragma once

#include "runtime/policy/supervision.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace alder::testing {

/// What a worker does when it is asked to stop; `hang` ignores it and is killed.
enum class stop_habit : std::uint8_t { clean, hang, normal, crash };

/// A child and how its double behaves. Start attempts are counted per id over the whole run, from 1.
struct child_script {
  policy::child_rules rules;
  std::set<unsigned> fail_starts;
  unsigned fail_from = 0; ///< every attempt from this one on fails; 0: none
  std::set<unsigned> ignore_starts;
  stop_habit on_stop = stop_habit::clean;
  policy::supervisor_rules supervisor; ///< of a supervisor, like `children`
  std::vector<child_script> children;  ///< under simple_one_for_one the template alone
};

/// Something visible from outside.
struct trace_line {
  enum class what : std::uint8_t { init, started, start_failed, ignored, stopped, report };
  what kind = what::init;
  std::string id;
  unsigned attempt = 0;   ///< not of reports
  std::string reason;     ///< of start_failed, stopped and report
  std::string supervisor; ///< of report
  policy::report::context context = policy::report::context::start_error;
};

/// One life of a supervisor.
struct supervisor_life {
  struct process {
    alder::generation generation = 0;
    unsigned attempt = 0;
    bool alive = false;
    bool unwanted = false; ///< its start was asked to be cut short
    std::shared_ptr<supervisor_life> nested;
  };

  std::string id;
  unsigned attempt = 0;
  supervisor_life* parent = nullptr; ///< outlives this; none: the root
  alder::generation generation = 0;  ///< as the parent counts
  policy::supervision machine;
  policy::supervision_memory memory; ///< as it is written down, change by change
  bool started = false;
  std::deque<policy::event> mailbox;
  std::map<std::string, child_script> scripts;
  std::vector<child_script> pool; ///< the template, when it is a pool
  std::map<std::string, process> processes;
};

/// What the one who drives the double may look at, as it happens.
struct double_watcher {
  std::function<void(const trace_line&)> trace;
  std::function<void(const supervisor_life&, const policy::effect&)> effect; ///< before it is carried out
  std::function<void(const supervisor_life&, const policy::restart_request&, const policy::restart_verdict&)> verdict;
};

class supervision_double {
public:
  /// Picks one of `n` things that could happen next, in [0, n). None: children answer at once.
  using chooser = std::function<std::size_t(std::size_t n)>;

  supervision_double(child_script root, double_watcher watcher, chooser choose = {});

  void start();
  /// A worker ends by itself; false when it is not running.
  bool exit(const std::string& id, exit_reason::kind reason);
  /// Sends a call; `spec` for start_child. The answer is found under the returned token after `run`.
  policy::call_token call(const std::string& supervisor, policy::call::op what, const child_script& spec);
  /// New rules and children; they hold for later lives of the supervisor too.
  policy::call_token upgrade(const std::string& supervisor, const policy::supervisor_rules& rules,
                             std::vector<child_script> children);
  /// The parent of the root asks it to stop.
  void stop();
  void advance(milliseconds time);
  /// One thing happens; false when nothing is left to happen.
  bool step();
  /// Until nothing moves. At most a million steps: more is a livelock, which is a violation.
  void run();

  [[nodiscard]] const std::map<policy::call_token, std::string>& answers() const { return answers_; }
  /// Why the root did not start: empty when it did.
  [[nodiscard]] const std::string& start_error() const { return start_error_; }
  /// The supervisors that are up, by id.
  [[nodiscard]] const std::map<std::string, supervisor_life*>& running() const { return running_; }
  /// Ids of the workers that are alive.
  [[nodiscard]] std::vector<std::string> alive() const;
  [[nodiscard]] std::size_t pending_timers() const { return timers_.size(); }
  [[nodiscard]] policy::time_point now() const { return now_; }
  /// What no supervisor may do, done all the same.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

private:
  using life_ptr = std::shared_ptr<supervisor_life>;

  life_ptr begin_life(const child_script& script, unsigned attempt, supervisor_life* parent, generation number);
  void deliver(supervisor_life& life);
  void hand_over(supervisor_life& life, policy::event e);
  void carry_out(supervisor_life& life, const policy::effect& effect);
  void launch(supervisor_life& life, const policy::start_child& order);
  void finish_launch(supervisor_life& life, const policy::start_child& order);
  void cut_short(supervisor_life& life, const policy::abort_start& order);
  void halt(supervisor_life& life, const policy::stop_child& order);
  void bury(supervisor_life& life, const std::string& id, exit_reason::kind reason);
  void end(supervisor_life& life, const policy::supervisor_ended& ended);
  void fail_start(supervisor_life& life, const policy::supervisor_start_failed& failed);
  void answer_start(supervisor_life& life, policy::start_result result);
  void on_reply(supervisor_life& life, const policy::reply& r);
  void note_report(const supervisor_life& life, const policy::report& r);
  void note(trace_line line) {
    if (watcher_.trace) watcher_.trace(line);
  }
  void later(std::function<void()> task);

  child_script root_;
  double_watcher watcher_;
  chooser choose_;
  std::vector<life_ptr> lives_;
  std::map<std::string, supervisor_life*> running_;
  std::map<std::string, supervisor_life*> workers_; ///< the living, and who supervises them
  std::map<std::string, unsigned> attempts_;
  std::map<policy::call_token, child_script> additions_;
  struct pending_upgrade {
    policy::supervisor_rules rules;
    std::vector<child_script> children;
  };
  std::map<policy::call_token, pending_upgrade> upgrades_;
  std::map<policy::call_token, std::string> answers_;
  std::multimap<policy::time_point, std::pair<supervisor_life*, policy::retry>> timers_;
  std::vector<std::function<void()>> tasks_;
  std::vector<std::string> violations_;
  std::string start_error_;
  policy::call_token last_token_ = 0;
  policy::time_point now_;
};

} // namespace alder::testing
