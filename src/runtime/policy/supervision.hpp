// One supervisor's decisions: which child to start or stop next, after what. Pure: events in, effects out.
//
// The semantics are those of OTP's supervisor (docs/supervision.md). OTP blocks while it starts or stops a child; here
// the effect goes out, the machine is busy until the answer comes in, and whatever else arrives meanwhile waits in a
// stash, in order: seen from outside it behaves as if it blocked. The one difference: a stop that arrives while a start
// is under way asks for the start to be cut short, unless `finish_starts` is set.
//
//   state        event                        leads to
//   new          begin                        starting: children in order
//   busy         answer of the step           next step of the plan
//   busy         anything else                stash (a stop also cuts a start short, and those that follow)
//   idle         exited, retry                ask the decider
//   idle         verdict                      a plan: stop group, start group; or stop everything
//   idle         call, upgrade, question      a plan, or an answer at once
//   idle         stop                         stop everything
//   ended        anything                     calls are answered noproc, the rest is dropped
//
// Under simple_one_for_one the children are instances of one template: each is restarted on its own, one that ends for
// good is forgotten whatever its restart type, and a stop asks all of them at once.
#pragma once

#include "runtime/policy/adoption.hpp"
#include "runtime/policy/restart_decision.hpp"
#include "runtime/policy/supervision_memory.hpp"

#include "alder/cause.hpp"
#include "alder/spec.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace alder::policy {

struct child_rules {
  std::string id; ///< unique in its supervisor
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
  bool supervisor = false;
  bool brutal_kill = false;       ///< stopped by SIGKILL at once: then `killed` is the expected reason
  std::vector<std::string> after; ///< under `parallel_start`: siblings that must be up before, if they start too
  alder::backoff backoff;
  alder::restart_limit restart_limit;

  bool operator==(const child_rules&) const = default;
};

struct supervisor_rules {
  alder::strategy strategy = strategy::one_for_one;
  alder::intensity intensity;
  alder::auto_shutdown auto_shutdown = auto_shutdown::never;
  /// A child stopped on request stays down when its group restarts. OTP starts it again, which is the default.
  bool sticky_stop = false;
  /// A start under way is finished before a stop is served, as in OTP. Else it is cut short.
  bool finish_starts = false;
  /// Children that start together do so at the same time, as far as their `after` allows; OTP knows only one after the
  /// other. Stops are in reverse order all the same.
  bool parallel_start = false;

  bool operator==(const supervisor_rules&) const = default;
};

/// What makes these children impossible together, in OTP's words and order:
/// `bad_combination:auto_shutdown+significant`, `bad_combination:restart+significant`, `duplicate_child_name:ID`;
/// nothing when they are possible. Without `mode` the first of them is not looked for (OTP's check_childspecs/1).
[[nodiscard]] std::string fault_in(const std::vector<child_rules>& children, std::optional<auto_shutdown> mode);

/// A call's token comes back in its `reply`.
using call_token = std::uint64_t;

// -- events

/// Start. `resume`: after a crash of the daemon or of this supervisor's actor; children in `down` stay stopped, the
/// others are started (their host adopts what is still running), and one that fails does not undo the rest. Work
/// that `memory` says was under way is finished first of all that follows.
///
/// With `was_up` it had started before that crash, and a start that was under way was one child's alone: it is up
/// again once what is up below it is taken over. Only then follow the work, and children that have yet to be started or
/// to become ready.
struct begin {
  bool resume = false;
  std::set<std::string> down;
  cause why;
  supervision_memory memory = {};
  /// What is to be taken over, by child: the generation, and when it was started. Of others nothing is left.
  struct running_child {
    alder::generation generation = 0;
    time_point started_at;
    bool starting = false; ///< its start is not over: it is not ready yet
  };
  std::map<std::string, running_child> running = {};
  bool only_running = false; ///< with `resume`: it is about to be stopped, so that nothing is started
  bool was_up = false;       ///< with `resume`
  bool keep_going = false;   ///< a child that does not start is reported as ignored: for the memory alone
  /// Of those that run: what another supervisor, which had them before, was stopping on request.
  std::vector<unfinished_work::member> ending = {};
};
/// The answer to `start_child`.
struct start_result {
  enum class how : std::uint8_t { ok, ignored, failed };
  std::string id;
  alder::generation generation = 0;
  how what = how::ok;
  std::string detail; ///< why it failed
};
/// A child is gone, by itself or because it was stopped.
struct child_gone {
  std::string id;
  alder::generation generation = 0;
  exit_reason reason;
};
/// The supervisor's own message: repeat a failed attempt, or a delay is over.
struct retry {
  std::string id;
  std::uint64_t token = 0;
};
struct verdict_given {
  restart_verdict verdict;
};
/// The parent, or the end of the tree.
struct stop_asked {
  cause why;
};
/// A wish about one child, served as a whole: nothing that waits comes between its steps. Answered by `reply`.
struct call {
  enum class op : std::uint8_t {
    terminate_child, ///< OTP's: knows the instances of a pool by their process
    stop_child,      ///< the same, by id everywhere
    restart_child,   ///< OTP's: starts a stopped child
    delete_child,    ///< OTP's: forgets a stopped child
    start_child,     ///< OTP's: adds one
    start_now,       ///< starts a child that is stopped, or restarting, which then does not wait any longer
    stop_and_start,  ///< whatever state it is in; not counted
    stop_and_delete, ///< whatever state it is in
  };
  op what = op::terminate_child;
  call_token token = 0;
  std::string id;
  child_rules spec; ///< of start_child
  cause why;
  alder::generation reached = 0; ///< of start_child: the highest generation of an earlier child of this id
  /// Of terminate_child under simple_one_for_one, where OTP knows processes instead of ids: the one that is meant.
  /// Anything but the last process of the child is not found.
  std::optional<alder::generation> process;
  /// Of start_now and stop_and_start: the generation that whoever asks has seen. A child with a higher one was started
  /// since, which is what was asked for. So it can be asked again whether it was done before a crash or not.
  std::optional<alder::generation> seen = {};
};
/// New rules and children (section 12 of OTP's rules): nothing is started, stopped or restarted by it. Answered by
/// `reply`: ok, a fault, `bad_start_spec`, or `invalid_strategy` for a change from or to simple_one_for_one.
struct upgrade {
  call_token token = 0;
  supervisor_rules rules;
  std::vector<child_rules> children; ///< under simple_one_for_one the template alone
  /// Highest generation that earlier children of these ids have reached.
  std::vector<std::pair<std::string, alder::generation>> reached;
};
/// Which children are there? Answered by `children_told`, in turn: not while a group moves.
struct question {
  call_token token = 0;
};

using event = std::variant<begin, start_result, child_gone, retry, verdict_given, stop_asked, call, upgrade, question>;

// -- effects, in the order in which they are to be carried out

struct start_child {
  std::string id;
  alder::generation generation = 0;
  cause why;
  bool automatic = false; ///< counts as a restart of this child
  call_token token = 0;   ///< of the call that asked for it; 0: none did
  enum class how : std::uint8_t {
    fresh,
    resume,       ///< take over what runs, start what is missing
    only_running, ///< take over what runs: it is about to be stopped
  } mode = how::fresh;
};
/// The start under way should end soon: something that stops it is waiting.
struct abort_start {
  std::string id;
  alder::generation generation = 0;
  cause why; ///< of what is waiting
};
struct stop_child {
  std::string id;
  alder::generation generation = 0;
  cause why;
};
/// Ask the decider; the answer is `verdict_given`.
struct ask_decider {
  restart_request request;
};
/// Send `retry` to oneself after `delay`; 0: now, behind what the mailbox holds already.
struct schedule_retry {
  retry what;
  milliseconds delay{0};
  cause why;
};
struct reply {
  call_token token = 0;
  /// Empty: ok; else OTP's word: not_found, running, restarting, already_started, already_present, start_failed,
  /// simple_one_for_one, noproc, or what makes a specification impossible. Or `down_again`: it was started since it was
  /// `seen`, and is not running.
  std::string error;
  std::string detail;
};
/// OTP's supervisor report.
struct report {
  enum class context : std::uint8_t { start_error, child_terminated, shutdown_error, shutdown };
  context what = context::start_error;
  std::string id;
  exit_reason reason; ///< for start_error and shutdown the detail alone speaks
};
/// A child is down for a reason worth showing: asked to stop, ended for good.
struct child_settled {
  std::string id;
  cause why;
  bool finished = false; ///< it ended by itself and is not to be restarted
  bool removed = false;  ///< it is not a child any more
  bool failed = false;   ///< it reached a limit of its own; `why` says which
};
/// A child as the API sees it. `restarting` exists between a failed or delayed restart attempt and the next.
struct child_state {
  enum class phase : std::uint8_t { stopped, running, restarting };
  child_rules rules;
  phase what = phase::stopped;
  alder::generation generation = 0; ///< number of its start attempts
  alder::generation process = 0;    ///< the attempt that made its last process; 0: none has yet
  alder::generation ended = 0;      ///< the highest whose end was decided on
  unsigned attempts = 0;            ///< for the backoff
  restart_memory memory;            ///< for its restart_limit
  time_point started_at;
  std::uint64_t retry_token = 0; ///< the retry that counts; older ones are void
  time_point retry_due;          ///< of that retry
  bool counted = false;          ///< the attempt that `retry_token` stands for is counted already (it was delayed)
  bool stopped_on_request = false;
  cause pending; ///< why it is being restarted
};
/// The answer to a `question`: the children in start order; `gone`: the supervisor has ended.
struct children_told {
  call_token token = 0;
  bool gone = false;
  std::vector<child_state> children;
};
/// What was under way when its predecessor ended is finished.
struct work_resumed {
  unfinished_work what;
};
/// All children are up: the supervisor's own start succeeded.
struct supervisor_started {};
/// It did not start; what had been started is down again.
struct supervisor_start_failed {
  std::string id; ///< the child that failed
  std::string detail;
};
/// All children are down; this is the end.
struct supervisor_ended {
  exit_reason reason;
  cause why;
};

using effect =
    std::variant<start_child, abort_start, stop_child, ask_decider, schedule_retry, reply, report, children_told,
                 child_settled, work_resumed, supervisor_started, supervisor_start_failed, supervisor_ended>;
using effects = std::vector<effect>;

class supervision {
public:
  // Not copied: places refer to its own children.
  supervision(const supervision&) = delete;
  supervision& operator=(const supervision&) = delete;
  supervision(supervision&&) = default;

  /// `pool`: the template of its instances, for simple_one_for_one; `children` are then instances to start with (OTP's
  /// pools begin empty).
  supervision(supervisor_rules rules, std::vector<child_rules> children, std::optional<child_rules> pool = {});

  /// `random` in [0, 1) is passed on to the decider.
  [[nodiscard]] effects handle(event e, time_point now, double random = 0.5);

  [[nodiscard]] const std::list<child_state>& children() const { return children_; } ///< in start order
  [[nodiscard]] const child_state* find_child(const std::string& id) const;          ///< null: not a child (any more)
  [[nodiscard]] const supervisor_rules& rules() const { return rules_; }
  [[nodiscard]] const std::optional<child_rules>& pool() const { return template_; }
  [[nodiscard]] const restart_history& restarts() const { return restarts_; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// Whether a start, a stop or a question to the decider is under way.
  [[nodiscard]] bool busy() const { return !plan_.empty() || !std::holds_alternative<std::monostate>(wait_); }

  /// After a crash of the daemon: the generation a child had reached, so that the next is a new number.
  void recall(const std::string& id, alder::generation generation);
  /// Forgets what a child's backoff and restart_limit remember. False: there is no such child.
  bool reset(const std::string& id);

  /// What a successor must be told in `begin`, made anew: what tests hold update() against.
  [[nodiscard]] supervision_memory memory() const;
  /// Whether that has changed since the last update() in what a successor cannot learn from the processes themselves.
  [[nodiscard]] bool memory_changed() const { return memory_changed_; }
  /// Brings up to date what the last update() left, or what `begin` told: as memory(), in the time of what changed.
  /// Returns the children whose part of it may be another one, or gone.
  std::vector<std::string> update(supervision_memory& memory);

private:
  enum class start_mode : std::uint8_t {
    initial,
    resume,
    resume_initial, ///< of the supervisor's own start, which was under way
    resume_request, ///< somebody asked for the start that was under way: when it fails it is not tried again
    resume_to_stop,
    restart,
    request,
    addition,
  };
  struct start_step {
    std::string id;
    start_mode mode = start_mode::initial;
    cause why;
    call_token token = 0;
  };
  struct stop_step {
    std::string id;
    cause why;
    bool remove_temporary = false; ///< a temporary child leaves the list
  };
  struct group_step { ///< these start at the same time
    std::vector<start_step> members;
  };
  struct settle_step { ///< after a stop on request
    std::string id;
    cause why;
  };
  struct delete_step {
    std::string id;
  };
  struct stop_all_step { ///< a pool: all instances at once
    cause why;
  };
  struct effect_step {
    effect what;
  };
  struct end_step {
    std::variant<supervisor_start_failed, supervisor_ended> what;
  };
  using step =
      std::variant<start_step, group_step, stop_step, stop_all_step, settle_step, delete_step, effect_step, end_step>;
  struct verdict_wait {
    std::string id;
    std::optional<exit_reason> exit;
  };
  struct pool_wait {
    std::unordered_set<std::string> left;         ///< instances that were asked to stop and are not gone
    std::map<std::string, exit_reason> surprises; ///< by word: unexpected reasons, each reported once
  };
  struct group_wait {
    std::list<start_step> left;
    std::map<std::string, start_step> starting; ///< by child
    std::set<std::string> failed;
    std::optional<supervisor_start_failed> undone; ///< the first start failed, for this reason
  };
  /// What the machine waits for; start and stop remember the step itself.
  using wait = std::variant<std::monostate, start_step, group_wait, stop_step, pool_wait, verdict_wait>;

  [[nodiscard]] bool consume(const event& e);
  void cut_start_short(const event& e);
  [[nodiscard]] const cause& why_of_waiting_stop() const;
  void proceed();
  void begin_event(const event& e);
  void run(step s);
  void run_start(const start_step& s);
  [[nodiscard]] child_state* startable(const start_step& s);
  void launch(child_state& child, const start_step& s);
  void plan_starts(std::vector<start_step> starts);
  void run_group(const group_step& s);
  void start_more();
  [[nodiscard]] static bool must_wait(const child_state& child, const group_wait& group);
  void on_group_result(const start_result& r);
  void undo_group_start(const std::string& id, const std::string& detail);
  void run_stop(const stop_step& s);
  void run_stop_all(const stop_all_step& s);
  /// The exit of the child's process, if it is waiting in the stash; it is then not handled again.
  [[nodiscard]] std::optional<exit_reason> take_pending_exit(const child_state& child);

  [[nodiscard]] static bool resumes(start_mode mode);
  [[nodiscard]] static bool is_asked_for(start_mode mode);
  [[nodiscard]] static bool is_initial(start_mode mode);
  [[nodiscard]] static start_child::how how_to(start_mode mode);
  void on_begin(const begin& e);
  void resume(const begin& e);
  void resume_children(const begin& e);
  [[nodiscard]] static bool note_running(child_state& child, const begin& e);
  void resume_start(const begin& e);
  void resume_end(const begin& e);
  void resume_work(const unfinished_work& work, const begin& e);
  [[nodiscard]] bool is_resumed_group_restart(const start_step& s) const;
  void drop_group_restart();
  void drop_resumed_work();
  void undo_start(const std::string& id, const std::string& detail);
  void begin_work(unfinished_work work);
  [[nodiscard]] static bool has_something_to_remember(const child_state& child);
  [[nodiscard]] static child_memory memory_of(const child_state& child);
  void touch(const child_state& child);
  void note_change() { memory_changed_ = true; }
  void note_change(const child_state& child);
  void forget_restarts(child_state& child);
  void schedule(child_state& child, milliseconds delay);
  [[nodiscard]] cause group_cause(const std::string& member, const std::string& origin, const cause& own) const;
  void on_child_gone(const child_gone& e);
  void on_retry(const retry& e);
  void on_verdict(const restart_verdict& v);
  void on_call(const call& c);
  void on_terminate(const call& c);
  void on_start_child(const call& c);
  void on_upgrade(const upgrade& u);
  void on_start_result(const start_step& s, const start_result& r);
  void on_start_failed(const start_step& s, child_state& child, const std::string& detail);
  void on_stop_done(const stop_step& s, const std::optional<exit_reason>& reason);
  void on_instance_gone(pool_wait& pool, child_state& child, const exit_reason& reason);
  void finish_pool_stop(const pool_wait& pool);
  void restart(const std::string& id);
  void fail(const std::string& id, const std::string& why);
  void give_up(const std::string& id, const std::optional<exit_reason>& exit);
  void settle(const std::string& id, bool removed, const exit_reason& reason);
  void stop_everything(cause why, end_step end);
  void end_by_itself(unfinished_work work);
  void plan_end(cause why, end_step end);
  void start_on_request(const call& c, start_mode mode, alder::generation before);
  void ask(const std::string& id, std::optional<exit_reason> exit);
  void emit(effect e) { out_.push_back(std::move(e)); }
  void answer(call_token token, std::string error, std::string detail = {});
  child_state* find(const std::string& id);
  void add(child_rules rules); ///< as the last
  void remove(const std::string& id);
  void move_to(child_state& child, child_state::phase what);
  void stash(event e);
  void refuse(const event& e);
  [[nodiscard]] bool is_pool() const { return rules_.strategy == strategy::simple_one_for_one; }
  [[nodiscard]] bool all_significant_gone() const;
  [[nodiscard]] std::vector<std::string> group_from(const std::string& id) const;

  supervisor_rules rules_;
  std::optional<child_rules> template_;
  std::list<child_state> children_;
  std::unordered_map<std::string, std::list<child_state>::iterator> places_;
  std::size_t significant_up_ = 0; ///< significant children that are not stopped
  restart_history restarts_;
  std::deque<step> plan_;
  wait wait_;
  std::list<event> stash_;
  std::unordered_map<std::string, std::list<event>::iterator> stashed_exits_; ///< by child: its last
  bool stop_waits_ = false;                                                   ///< in the stash
  effects out_;
  time_point now_;
  double random_ = 0.5;
  std::uint64_t last_token_ = 0;
  std::optional<unfinished_work> work_; ///< what plan_ is about, as far as a successor would have to finish it
  bool memory_changed_ = false;
  std::unordered_set<std::string> touched_; ///< children whose part of the memory is not what update() last left
  bool ended_ = false;
};

} // namespace alder::policy
