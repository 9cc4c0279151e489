// The actor that carries wishes out: it brings trees up and down, applies changes, and asks the supervisors concerned.
// It knows nothing of those who wish: requests, signals and a former daemon's unfinished work come to it alike.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/office/office_context.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/policy/tree_change.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alder::actors {

struct known_tree;

using office_actor = child_actor::extend<caf::reacts_to<wish>, caf::reacts_to<children_wish>>;

class office final : public actor_base<office_actor> {
public:
  office(caf::actor_config& config, office_context& context, parent_actor parent);
  const char* name() const override { return "office"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  using done = std::function<void(const wire::operation_result&)>;

  void on_start(const start_order& order);
  void on_wish(const wish& w);
  void on_question(const children_wish& w);
  void carry_out(const bring_up& up, const done& tell);
  void carry_out(const take_down& down, const done& tell);
  void carry_out(const act_on_node& act, const done& tell);
  void perform(const act_on_node& act, const supervisor_actor& supervisor, const done& tell);
  [[nodiscard]] done noted(const act_on_node& act, const done& tell);
  /// Whether it was asked for before: then it is answered when that is.
  [[nodiscard]] bool is_asked_again(const wish& w, const done& tell);
  void answer(const store::request_mark& asked, const std::string& what, const std::string& tree,
              const std::string& name, const wire::operation_result& result, const done& tell);
  [[nodiscard]] wire::operation_result result_for(const act_on_node& act, const call_outcome& outcome) const;
  void carry_out(const shut_down& end, const done& tell);
  // In changes.cpp:
  void carry_out(const apply_config& apply, const done& tell);
  void carry_out(const finish_change& finish, const done& tell);
  void carry_out(const scale_service& scale, const done& tell);
  void carry_out(const add_children& add, const done& tell);
  struct change_in_steps;
  /// `is_resumed`: a former daemon began it.
  /// How far a change has come.
  enum class change_stage : std::uint8_t {
    begin,
    stopped, ///< what is to be of another kind has been stopped
    resumed, ///< a former daemon has begun it, and the tree is what it is to become
  };
  /// What somebody wants of a change, and how he may ask again.
  struct wanted_change {
    policy::change_options options;
    std::string service; ///< that is scaled; empty: another version of the configuration is taken up
    store::request_mark asked;
  };
  [[nodiscard]] done remembered(const wanted_change& by, const std::string& tree, const done& tell);
  void change(known_tree tree, const wanted_change& by, const std::vector<policy::tree_change>& changes,
              const done& tell, change_stage stage = change_stage::begin);
  void stop_first(const std::vector<std::string>& nodes, known_tree tree,
                  const std::vector<policy::replaced_node>& replaced, const wanted_change& by,
                  const std::vector<policy::tree_change>& changes, const done& tell);
  void begin_again(const known_tree& known, const store::change_under_way& what, const done& over);
  void add_step(const std::shared_ptr<change_in_steps>& work, policy::change_step step);
  void add_look_at_pools(const std::shared_ptr<change_in_steps>& work, const std::vector<policy::change_step>& steps,
                         const std::vector<policy::left_change>& left);
  void look_back(change_in_steps& work, const std::string& pool);
  void note_gone(change_in_steps& work, const std::string& name);
  void finish(const std::shared_ptr<change_in_steps>& work, const done& tell);
  void take(const std::string& tree, const policy::change_step& step,
            const std::function<void(const call_outcome&)>& then);
  /// Children that are added one after the other.
  struct children_to_add {
    std::string tree;
    std::string supervisor;
    std::shared_ptr<const store::read_source> from;
    std::vector<child_spec> children;
    std::size_t next = 0;
    std::vector<std::string> added;
  };
  void begin_adding(const add_children& add, const done& tell);
  void add_next(const std::shared_ptr<children_to_add>& work, const done& tell);
  void take_back(const std::shared_ptr<children_to_add>& work, const std::function<void()>& then);
  struct turn {
    std::string tree;
    std::optional<store::waiting_change> note; ///< how a successor of this daemon would begin it, if it has to wait
    std::string noted;                         ///< under this key already
  };
  /// Changes of one tree are carried out one after the other, each on what those before it have left. `change` calls
  /// what it is given once, at its end.
  void in_turn(turn in, const done& tell, std::function<void(const done&)> change);
  void reset_branch(const std::string& tree, const std::string& name, const done& tell);
  void start_branch(const act_on_node& act, const supervisor_actor& parent, const done& tell);
  void add_tree(known_tree tree, bool keep_going, const done& tell);
  void await_tree(const std::string& tree, bool keep_going, const done& tell);
  void remove_child(const act_on_node& act, const done& tell);
  void note_stopped(const std::string& tree, const std::string& name);
  template <class Whom, class What>
  void call(const Whom& whom, What what, const std::function<void(const call_outcome&)>& then) {
    request(whom, caf::infinite, std::move(what))
        .then([then](const call_outcome& outcome) { then(outcome); },
              [then](caf::error&) {
                then({false, {error_kind::unavailable, "its supervisor ended in the meantime"}, {}});
              });
  }
  /// The same for a call that starts a node, and follow_start.
  void call_until(start_goal goal, const supervisor_actor& whom, const std::string& tree, node_call what,
                  const std::function<void(const call_outcome&)>& then);
  /// `then` comes when the start of the node, which ended so, has reached its goal, too.
  void follow_start(watch_start watch, const call_outcome& started,
                    const std::function<void(const call_outcome&)>& then);
  void announce(event_kind kind, const std::string& tree, const std::string& detail);

  office_context& context_;
  parent_actor parent_;
  std::map<std::string, std::deque<std::function<void()>>> changing_; ///< trees, with the changes that wait
  std::map<std::string, std::vector<done>> waiting_;                  ///< who has asked again, by key of the request
  std::multiset<std::string> coming_up_; ///< trees whose first start is under way; the board may not know them yet
  alder::generation generation_ = 0;
  std::uint64_t last_act_ = 0; ///< number in the key of the last one that was noted
};

} // namespace alder::actors
