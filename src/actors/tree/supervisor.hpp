// The actor behind every supervisor, of the user's trees and of the daemon's own branch. It carries out what
// policy/supervision decides: actors started and stopped, the decider asked, snapshots published, events announced.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/runtime.hpp"
#include "actors/tree/supervisor_plan.hpp"

#include "runtime/policy/supervision.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace alder::actors {

/// Of a supervisor that a former daemon had. What was under way below it was one child's start or stop, not its own.
[[nodiscard]] bool was_up(const former_state& former);

class supervisor final : public actor_base<supervisor_actor> {
public:
  /// `parent` may be null: nobody hears of its end then. The decider is the built-in one unless `judge` is given; so
  /// far only tests do, with one that crashes or is too slow.
  supervisor(caf::actor_config& config, runtime& shared, supervisor_plan plan, parent_actor parent,
             decider_actor judge = {});
  const char* name() const override { return "supervisor"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  struct child {
    std::shared_ptr<const child_entry> entry;
    child_actor actor;
    caretaker_actor caretaker; ///< null: its kind has none for it
    alder::generation generation = 0;
    unsigned restarts = 0;
    alder::generation counted = 0; ///< up to this one starts are among `restarts`, perhaps by a former daemon
    unsigned actor_crashes = 0;
    bool stopping = false;
    bool was_up = false; ///< when its group was last stopped, or now
    cause why;           ///< of what it is doing now
    /// Why a former daemon was stopping it, until this one does.
    std::optional<cause> stop_why;
    std::optional<former_state> former; ///< as this supervisor found it
    bool goes_on = false;               ///< what there was of it is taken over
    bool may_have_ended = false;        ///< of what is taken over: nobody was there to hear of its end
    bool resumes = false;               ///< it is being started by a supervisor that takes over
    std::optional<exit_reason> last_end;
  };
  struct pending_call {
    caf::typed_response_promise<call_outcome> promise;
    node_call what;
    std::shared_ptr<const supervisor_plan> plan; ///< of an upgrade
    bool was_down = false;
  };

  void on_start(const start_order& given);
  void on_child_started(const child_started& message);
  void on_child_ended(const child_ended& message);
  caf::result<call_outcome> on_call(const node_call& call);
  caf::result<call_outcome> on_upgrade(const upgrade_call& call);
  caf::result<children_answer> on_question();
  void on_children_told(const policy::children_told& told);
  [[nodiscard]] bool is_alive(const policy::child_state& state);
  /// Gives the event to the machine and carries its effects out; an event that comes up meanwhile has its turn after
  /// that.
  void handle(policy::event e);
  void carry_out(const policy::effect& effect);

  void start(const policy::start_child& order);
  void bring_up(child& c, const start_order& order);
  void on_actor_lost(const std::string& id, alder::generation generation, const caf::error& why);
  void stop(const policy::stop_child& order);
  void ask(const policy::ask_decider& question);
  void plan_retry(const policy::schedule_retry& retry);
  void on_report(const policy::report& report);
  void on_settled(const policy::child_settled& settled);
  void on_reply(const policy::reply& reply);
  void on_started();
  void on_start_failed(const policy::supervisor_start_failed& failed);
  void on_ended(const policy::supervisor_ended& ended);
  void reset(pending_call& pending);
  void begin_call(policy::call::op op, pending_call pending);
  void take_template();
  void finish_upgrade(pending_call& pending, const policy::reply& reply);
  void forget_former_children();
  child& adopt_entry(const child_entry& entry);
  void release_children();
  void recall(child& c, const start_order& order, policy::begin& begin);
  [[nodiscard]] child_past past_of(const child& c, bool resumes, const policy::supervision_memory& memory) const;
  void discard_former(const child& c, const child_past& past, const policy::adoption& decided);
  [[nodiscard]] bool had_started() const;
  [[nodiscard]] policy::time_point clock_time(wall_time at);
  void remember();
  void on_resumed(const policy::unfinished_work& work);
  [[nodiscard]] node_id own_id() const { return id_of(plan_.tree, plan_.name); }
  void take_over(const std::string& id, alder::generation generation);
  void note_started(child& c, const child_started& message);
  void forget(const std::string& name);
  void finish_call(pending_call& pending, const call_outcome& outcome);
  /// `word`: OTP's.
  [[nodiscard]] static error call_error(const std::string& word, const std::string& child, const std::string& detail);

  [[nodiscard]] static bool is_down(const node_ptr& node);
  void publish_self();
  void publish_soon();
  /// Whether a state is one the child stays in until somebody or something else moves it, also over a restart of the
  /// daemon.
  enum class stays : std::uint8_t { no, yes };
  void set_state(child& c, node_state state, const cause& why, stays settled = stays::no);
  void set_state(child& c, node_state state, const std::string& reason, stays settled = stays::no);
  /// Takes the time it entered its state from what it was before, if it still is that.
  void keep_since(const child& c, wall_time earliest = {});
  void continue_former(child& c);
  void enter(child& c, node_state state, const std::string& reason, const cause& why, stays settled);
  child* find_child(const std::string& id);
  void announce(event_kind kind, const child& c, const cause& why, const std::function<void(event&)>& more = {});
  [[nodiscard]] std::string tree_of(const child& c) const;
  [[nodiscard]] child_place place_of(const child& c);
  [[nodiscard]] policy::time_point now_on_clock() { return clock().now(); }

  runtime& shared_;
  supervisor_plan plan_;
  parent_actor parent_;
  decider_actor decider_;
  policy::supervision machine_;
  alder::generation generation_ = 0;
  std::map<std::string, child> children_;
  std::map<policy::call_token, pending_call> calls_;
  std::map<policy::call_token, caf::typed_response_promise<children_answer>> questions_;
  policy::call_token last_token_ = 0;
  std::deque<policy::event> events_; ///< not yet given to the machine
  bool handling_ = false;
  bool publishing_soon_ = false;
  bool holds_tree_ = false; ///< a child is the root of a tree
  bool keep_going_ = false; ///< while it starts: what does not start stays down
  bool answered_ = false;   ///< the parent knows how the start went
  std::minstd_rand random_;
};

} // namespace alder::actors
