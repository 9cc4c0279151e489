#include "actors/office/office.hpp"

#include "actors/base/part.hpp"
#include "actors/base/runtime.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/outcomes.hpp"
#include "actors/office/proposed_change.hpp"
#include "actors/office/requests.hpp"
#include "actors/office/trees.hpp"
#include "actors/tree/child_kind.hpp"

#include "runtime/base/text.hpp"
#include "runtime/policy/still_down.hpp"
#include "runtime/policy/tree_edit.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

/// How the services of this tree ended that were there before.
std::map<std::string, last_exit> last_exits(const supervisor_spec& root, const board& nodes, const std::string& tree) {
  std::map<std::string, last_exit> all;
  for (const auto& [name, place] : policy::places_in(root)) {
    const auto node = nodes.find(tree, name);
    if (node && node->last_exit && std::holds_alternative<service_ptr>(*place.child))
      all.emplace(name, *node->last_exit);
  }
  return all;
}

/// One result of several calls: that of the first which failed, or whether any changed something.
struct gathered {
  std::size_t left = 0; ///< calls that have not been answered
  wire::operation_result result;

  void add(const call_outcome& outcome) {
    result.changed = result.changed || outcome.changed;
    if (!outcome.ok() && !result.failure) result = result_of(outcome);
  }
  void finish_one(const std::function<void(const wire::operation_result&)>& tell) {
    if (--left == 0) tell(result);
  }
};

/// Whether it is this node, or below it.
bool is_below(const board& nodes, const node_snapshot& node, const std::string& name) {
  for (auto current = nodes.find(node.tree, node.name); current; current = nodes.find(node.tree, current->parent))
    if (current->name == name) return true;
  return false;
}

wire::operation_result is_lost() {
  return went_wrong("unavailable", "the part of the daemon that carries out requests crashed and was replaced",
                    {"see what was done with: alder tree"});
}

/// As `told`, or with `lost` when the office is replaced before it has answered.
template <class Told, class Answer> Told answered_once(office_context& context, Told told, Answer lost) {
  const auto number = ++context.last_asked;
  context.unanswered.emplace(number, [told, lost = std::move(lost)] { told(lost); });
  return [&context, number, told = std::move(told)](const auto& answer) {
    if (context.unanswered.erase(number) > 0) told(answer);
  };
}

/// What is asked for by `what`, if it may be asked again. What a former daemon has left is done, and not asked again.
const store::request_mark* mark_of(const decltype(wish::what)& what) {
  const auto* act = std::get_if<act_on_node>(&what);
  if (act != nullptr) return act->asked.key.empty() || !act->operation.empty() ? nullptr : &act->asked;
  const auto* up = std::get_if<bring_up>(&what);
  if (up != nullptr) return up->asked.key.empty() ? nullptr : &up->asked;
  const auto* apply = std::get_if<apply_config>(&what);
  if (apply != nullptr) return apply->asked.key.empty() ? nullptr : &apply->asked;
  const auto* scale = std::get_if<scale_service>(&what);
  if (scale != nullptr) return scale->asked.key.empty() || !scale->noted.empty() ? nullptr : &scale->asked;
  const auto* down = std::get_if<take_down>(&what);
  return down == nullptr || down->asked.key.empty() || down->is_resumed ? nullptr : &down->asked;
}

/// What a former daemon began to start below this node, and has failed in this one, which goes on trying.
std::optional<wire::operation_result> still_failing(const board& nodes, const std::string& tree,
                                                    const std::string& name) {
  for (const auto& node : nodes.in_order(tree)) {
    const bool is_service = node->what == node_snapshot::kind::service;
    const bool is_retry = node->state == node_state::starting && node->why.what == cause::kind::failed_attempt;
    const bool is_failing = is_retry || node->state == node_state::backoff || node->state == node_state::failed;
    if (is_service && is_failing && is_below(nodes, *node, name))
      return went_wrong("start_failed", node->name + " is not up: it " + node->reason);
  }
  return std::nullopt;
}

/// Nobody is left to say why, but the node itself.
std::string why_down(const node_snapshot& node) {
  constexpr std::string_view attempt = "could not start";
  const bool is_attempt = node.reason.rfind(attempt, 0) == 0;
  return node.name + (is_attempt ? " " : " failed: ") + node.reason;
}

/// The highest supervisor of this node that is down, which has to be started before the node can be.
std::string highest_down(const board& nodes, const std::string& tree, const std::string& name) {
  auto found = tree;
  const auto node = nodes.find(tree, name);
  for (auto above = node ? nodes.find(tree, node->parent) : nullptr; above; above = nodes.find(tree, above->parent))
    if (!policy::is_up(above)) found = above->name;
  return found;
}

} // namespace

office::office(caf::actor_config& config, office_context& context, parent_actor parent)
    : actor_base(config), context_(context), parent_(std::move(parent)) {}

office::behavior_type office::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        send(parent_, part_ended("office", generation_));
        quit();
      },
      [this](const wish& w) { on_wish(w); },
      [this](const children_wish& w) { on_question(w); },
  };
}

void office::on_exit() {
  context_.submit = nullptr;
  context_.ask_children = nullptr;
  parent_ = nullptr;
}

void office::on_start(const start_order& order) {
  generation_ = order.generation;
  context_.submit = [&context = context_, me = self()](wish w) {
    if (w.done) w.done = answered_once(context, std::move(w.done), is_lost());
    caf::anon_send(me, std::move(w));
  };
  context_.ask_children = [&context = context_, me = self()](children_wish w) {
    w.told = answered_once(context, std::move(w.told), static_cast<const children_answer*>(nullptr));
    caf::anon_send(me, std::move(w));
  };
  for (const auto& [key, detail] : context_.journal.operations())
    for (const auto prefix : {store::act_key, store::wait_key})
      if (key.rfind(prefix, 0) == 0)
        last_act_ = std::max<std::uint64_t>(last_act_, std::strtoull(key.c_str() + prefix.size(), nullptr, 10));
  send(parent_, part_started("office", generation_));
  if (!std::exchange(context_.was_there, true)) return;
  for (const auto& [number, give_up] : std::exchange(context_.unanswered, {}))
    give_up();
  context_.stopping = false; // what was begun is begun again
  if (context_.on_replaced) context_.on_replaced();
}

void office::on_wish(const wish& w) {
  // What was changed must be on disk before anybody is told that it is done.
  const auto tell = [this, done = w.done](const wire::operation_result& result) {
    context_.journal.write(store::journal::durable::machine);
    if (!done) return;
    // After the events of what was done, so that a follower sees them first.
    if (context_.shared.events) return send(context_.shared.events, after_events{[done, result] { done(result); }});
    done(result);
  };
  if (context_.stopping) return tell(is_stopping());
  if (is_asked_again(w, tell)) return;
  std::visit([&](const auto& what) { carry_out(what, tell); }, w.what);
}

bool office::is_asked_again(const wish& w, const done& tell) {
  const auto* asked = mark_of(w.what);
  const auto known = asked == nullptr ? std::nullopt : find_request(context_.journal, asked->key);
  if (!known) return false;
  if (known->result)
    tell(*known->result);
  else
    waiting_[asked->key].push_back(tell);
  return true;
}

void office::answer(const store::request_mark& asked, const std::string& what, const std::string& tree,
                    const std::string& name, const wire::operation_result& result, const done& tell) {
  note_answer(context_.journal, asked, what, tree, name, result);
  tell(result);
  const auto waiting = waiting_.extract(asked.key);
  if (waiting.empty()) return;
  for (const auto& one : waiting.mapped())
    one(result);
}

void office::on_question(const children_wish& w) {
  const auto supervisor = context_.shared.supervisors.find(w.supervisor);
  if (supervisor == context_.shared.supervisors.end()) return w.told(nullptr);
  request(supervisor->second, caf::infinite, children_question{})
      .then([told = w.told](const children_answer& answer) { told(&answer); },
            [told = w.told](caf::error&) { told(nullptr); });
}

void office::carry_out(const bring_up& up, const done& tell_him) {
  auto read = up.read ? std::move(*up.read) : read_configuration(up.source);
  load_extensions(read.loaded, context_.offered);
  auto& loaded = read.loaded;
  known_tree tree;
  tree.source = std::move(read.source);
  tree.source.up_since = context_.shared.wall_now();
  if (!loaded.tree) {
    auto result = went_wrong("invalid_config", "the configuration is invalid; nothing was started or changed");
    result.failure->diagnostics = diagnostic_entries(loaded.diagnostics);
    return tell_him(result);
  }
  tree.source.name = loaded.tree->root.name;
  const done tell = [this, asked = up.asked, name = tree.source.name, tell_him](const wire::operation_result& result) {
    answer(asked, "up", name, name, result, tell_him);
  };
  tree.root = std::make_shared<const supervisor_spec>(std::move(loaded.tree->root));
  const auto name = tree.source.name; // a copy: the tree moves on
  const auto* known = context_.trees.find(name);
  if (known == nullptr) return add_tree(std::move(tree), up.keep_going, tell);
  const bool up_now = coming_up_.count(name) > 0 || policy::is_up(context_.shared.nodes.find(name, name));
  const bool same_file = is_same_configuration(known->source.file, tree.source.file);
  if (!same_file && up_now) {
    const auto from = known->source.file.empty() ? "the command line" : known->source.file;
    return tell(went_wrong("conflict", "a tree named '" + name + "' is already up, from " + from,
                           {"give this one another 'name:'", "or take the other down first: alder down " + name}));
  }
  const bool same = known->source.text == tree.source.text && same_file;
  if (up_now) {
    const auto root = context_.shared.nodes.find(name, name);
    if (same && root && root->state == node_state::starting) return await_tree(name, up.keep_going, tell);
    if (same) return tell(went_well(/*changed=*/false));
    return tell(went_wrong("conflict", "tree '" + name + "' is up with a different version of this configuration",
                           {"to see what would change: alder apply --dry-run " + shell_quote({tree.source.file}),
                            "to apply it: alder apply " + shell_quote({tree.source.file})}));
  }
  // It is down: the configuration as it is now counts, also when only the environment changed.
  call(context_.forest, node_call{node_call::op::remove, name, nullptr, {cause::kind::request, {}, {}, {}}},
       [this, tree = std::move(tree), keep_going = up.keep_going, tell](const call_outcome& outcome) mutable {
         if (!outcome.ok() && outcome.failure.kind != error_kind::not_found) return tell(result_of(outcome));
         add_tree(std::move(tree), keep_going, tell);
       });
}

void office::add_tree(known_tree tree, bool keep_going, const done& tell) {
  const auto name = tree.source.name;
  const auto entry = std::make_shared<const child_entry>(context_.trees.entry_of(tree));
  const auto exits = last_exits(*tree.root, context_.shared.nodes, name);
  context_.trees.remove(name); // what the board still knows of a former tree of this name
  context_.trees.add(std::move(tree));
  for (const auto& [service, exit] : exits) // how it ended is asked for when it runs again
    context_.shared.nodes.update(name, service, [&exit = exit](node_snapshot& node) { node.last_exit = exit; });
  node_call addition{node_call::op::add, name, entry, {cause::kind::request, {}, {}, {}}};
  addition.keep_going = keep_going;
  coming_up_.insert(name);
  call(context_.forest, addition, [this, name, tell](const call_outcome& outcome) {
    coming_up_.erase(coming_up_.find(name));
    tell(result_of(outcome));
  });
}

/// Somebody else has begun to bring it up, perhaps through a former daemon: it is told to whoever asks when that is
/// over. A start that is void because of a later one waits for that, and does nothing.
void office::await_tree(const std::string& tree, bool keep_going, const done& tell) {
  node_call look{node_call::op::start, tree, nullptr, {cause::kind::request, {}, {}, {}}};
  look.seen = 0;
  call(context_.forest, look, [this, tree, keep_going, tell](const call_outcome& outcome) {
    const auto root = context_.shared.nodes.find(tree, tree);
    if (root && root->state == node_state::failed) return tell(went_wrong("start_failed", why_down(*root)));
    if (!outcome.ok()) return tell(result_of(outcome));
    const auto failing = keep_going ? std::nullopt : still_failing(context_.shared.nodes, tree, tree);
    tell(failing ? *failing : went_well(/*changed=*/true));
  });
}

void office::carry_out(const take_down& down, const done& tell_him) {
  if (context_.journal.lost_trees().count(down.tree) > 0) { // nobody is to be told of it any more
    context_.journal.forget_lost(down.tree);
    return tell_him(went_well(/*changed=*/true));
  }
  if (context_.trees.find(down.tree) == nullptr)
    return tell_him(went_wrong("no_such_tree", "there is no tree '" + down.tree + "'"));
  const auto operation = std::string{store::down_key} + down.tree;
  context_.journal.begin_operation(operation, store::down_value(down.asked));
  const done tell = [this, down, tell_him](const wire::operation_result& result) {
    answer(down.asked, "down", down.tree, down.tree, result, tell_him);
  };
  call(context_.forest, node_call{node_call::op::remove, down.tree, nullptr, {cause::kind::request, {}, {}, {}}},
       [this, operation, tree = down.tree, tell](const call_outcome& outcome) {
         context_.journal.end_operation(operation);
         if (!outcome.ok() && outcome.failure.kind != error_kind::not_found) return tell(result_of(outcome));
         for (const auto& node : context_.shared.nodes.in_order(tree)) {
           if (node->what == node_snapshot::kind::service) context_.logs.forget(id_of(tree, node->name));
         }
         context_.trees.remove(tree);
         announce(event_kind::tree_removed, tree, {});
         tell(went_well(/*changed=*/true));
       });
}

/// A supervisor, and all that is below it.
void office::reset_branch(const std::string& tree, const std::string& name, const done& tell) {
  const auto all = std::make_shared<gathered>(gathered{1, went_well(/*changed=*/false)});
  for (const auto& node : context_.shared.nodes.in_order(tree)) {
    const auto parent = context_.shared.parents.find(id_of(tree, node->name));
    if (parent == context_.shared.parents.end() || !is_below(context_.shared.nodes, *node, name)) continue;
    ++all->left;
    call(parent->second, node_call{node_call::op::reset, node->name, nullptr, {cause::kind::request, {}, {}, {}}},
         [all, tell](const call_outcome& outcome) {
           all->add(outcome);
           all->finish_one(tell);
         });
  }
  all->finish_one(tell);
}

void office::carry_out(const act_on_node& act, const done& tell_him) {
  const auto tell = noted(act, tell_him);
  const auto node = context_.shared.nodes.find(act.tree, act.name);
  if (!node && !act.operation.empty()) { // since a former daemon was asked for it
    const bool is_done = act.what == node_call::op::remove;
    return tell(is_done ? went_well(/*changed=*/true)
                        : went_wrong("no_such_node", act.name + " was removed in the meantime"));
  }
  if (act.what == node_call::op::reset && node && node->what == node_snapshot::kind::supervisor)
    return reset_branch(act.tree, act.name, tell);
  if (act.what == node_call::op::stop && act.name == act.tree) context_.trees.forget_interrupted(act.tree);
  auto parent = context_.shared.parents.find(id_of(act.tree, act.name));
  const auto* tree = context_.trees.find(act.tree);
  const bool ad_hoc = tree != nullptr && tree->source.file.empty() && act.name != act.tree;
  // The tree around an ad-hoc service is nobody's concern: it goes with it.
  if (act.what == node_call::op::remove && ad_hoc) return carry_out(take_down{act.tree}, tell);
  if (parent == context_.shared.parents.end() && ad_hoc) {
    // It is started with its tree.
    return carry_out(act_on_node{act.tree, act.tree, act.what, act.goal}, tell);
  }
  if (parent == context_.shared.parents.end()) {
    const auto down = highest_down(context_.shared.nodes, act.tree, act.name);
    return tell(went_wrong(
        "conflict", act.name + " cannot be reached: its supervisor is down",
        {(down == act.tree ? "start the tree first: alder start " : "start its supervisor first: alder start ") +
         down}));
  }
  if (act.what == node_call::op::remove && act.name == act.tree)
    return tell(went_wrong("conflict", "'" + act.name + "' is a whole tree", {"take it down: alder down " + act.name}));
  if (act.what == node_call::op::remove)
    return in_turn({act.tree, {}, {}}, tell, [this, act](const done& over) { remove_child(act, over); });
  const bool starts = act.what == node_call::op::start || act.what == node_call::op::restart;
  if (starts && node && node->what == node_snapshot::kind::supervisor) return start_branch(act, parent->second, tell);
  perform(act, parent->second, tell);
}

void office::perform(const act_on_node& act, const supervisor_actor& supervisor, const done& tell) {
  const bool starts = act.what == node_call::op::start || act.what == node_call::op::restart;
  node_call what{act.what, act.name, nullptr, {cause::kind::request, {}, {}, {}}};
  if (starts) what.seen = act.seen;
  call_until(starts ? act.goal : start_goal::started, supervisor, act.tree, std::move(what),
             [this, act, tell](const call_outcome& outcome) {
               if (act.what == node_call::op::stop && outcome.ok()) note_stopped(act.tree, act.name);
               tell(result_for(act, outcome));
             });
}

/// Of one that was started since it was seen, and is down again, its state tells how that ended.
wire::operation_result office::result_for(const act_on_node& act, const call_outcome& outcome) const {
  if (outcome.word != "down_again") return result_of(outcome);
  const auto node = context_.shared.nodes.find(act.tree, act.name);
  if (node && node->state == node_state::failed) return went_wrong("start_failed", why_down(*node));
  const bool is_complete = node && node->state == node_state::finished; // a task
  const bool was_left = !act.operation.empty(); // a former daemon was asked; since then somebody else was this one
  return is_complete || was_left ? went_well(/*changed=*/true) : result_of(outcome);
}

/// A supervisor, and then what is still down below it: one that is up already has nothing to start itself.
void office::start_branch(const act_on_node& act, const supervisor_actor& parent, const done& tell) {
  const cause why{cause::kind::request, {}, {}, {}};
  node_call first{act.what, act.name, nullptr, why};
  first.seen = act.seen;
  call_until(act.goal, parent, act.tree, std::move(first), [this, act, why, tell](const call_outcome& outcome) {
    const auto& nodes = context_.shared.nodes;
    const bool is_resumed = outcome.ok() && !act.operation.empty();
    if (const auto failing = is_resumed ? still_failing(nodes, act.tree, act.name) : std::nullopt)
      return tell(*failing);
    // After a restart only a pool may have some left: all others are as a start of their supervisor leaves
    // them.
    const auto node = nodes.find(act.tree, act.name);
    const bool has_more = act.what == node_call::op::start || (node && node->pool);
    const auto wanted =
        has_more && outcome.ok() ? policy::still_down(nodes.in_order(act.tree), act.name) : std::vector<std::string>{};
    const auto all = std::make_shared<gathered>(gathered{wanted.size() + 1, result_for(act, outcome)});
    for (const auto& name : wanted) {
      const auto above = context_.shared.parents.find(id_of(act.tree, name));
      if (above == context_.shared.parents.end()) {
        all->finish_one(tell); // it is gone
        continue;
      }
      call_until(act.goal, above->second, act.tree, node_call{node_call::op::start, name, nullptr, why},
                 [all, tell](const call_outcome& one) {
                   all->add(one);
                   all->finish_one(tell);
                 });
    }
    all->finish_one(tell);
  });
}

/// Until it is answered it is noted, for it may have to wait: behind a start, or a change. The next daemon then does
/// it.
office::done office::noted(const act_on_node& act, const done& tell) {
  using kind = store::act_under_way::kind;
  std::optional<kind> what;
  if (act.what == node_call::op::start) what = kind::start;
  if (act.what == node_call::op::stop) what = kind::stop;
  if (act.what == node_call::op::restart) what = kind::restart;
  if (act.what == node_call::op::remove) what = kind::remove;
  if (!what) return tell;
  auto key = act.operation;
  if (key.empty()) {
    key = std::string{store::act_key} + in_order(++last_act_);
    const auto node = context_.shared.nodes.find(act.tree, act.name);
    const auto seen = act.seen.value_or(node ? node->generation : 0);
    context_.journal.begin_operation(
        key, store::act_value({act.tree, act.name, *what, seen, std::string{word(act.goal)}, act.asked}),
        store::journal::durable::daemon);
  }
  return [this, key, act, verb = std::string{store::word(*what)}, tell](const wire::operation_result& result) {
    context_.journal.end_operation(key);
    answer(act.asked, verb, act.tree, act.name, result, tell);
  };
}

void office::remove_child(const act_on_node& act, const done& tell) {
  const auto parent = context_.shared.parents.find(id_of(act.tree, act.name));
  if (parent == context_.shared.parents.end())
    return tell(went_wrong("conflict", act.name + " cannot be reached: its supervisor is down, or it is gone"));
  call(parent->second, node_call{node_call::op::remove, act.name, nullptr, {cause::kind::request, {}, {}, {}}},
       [this, act, tell](const call_outcome& outcome) {
         if (outcome.ok()) {
           context_.trees.note_removed(act.tree, act.name);
           send(context_.forest, tree_replaced{act.tree});
         }
         tell(result_of(outcome));
       });
}

/// What a change added and did not start is no longer waiting for that when somebody has stopped it.
void office::note_stopped(const std::string& tree, const std::string& name) {
  const auto* known = context_.trees.find(tree);
  const auto is_it = [&](const policy::left_change& left) { return left.added && left.name == name; };
  if (known == nullptr || std::none_of(known->source.left.begin(), known->source.left.end(), is_it)) return;
  auto changed = *known;
  std::erase_if(changed.source.left, is_it);
  context_.trees.add(std::move(changed));
}

void office::call_until(start_goal goal, const supervisor_actor& whom, const std::string& tree, node_call what,
                        const std::function<void(const call_outcome&)>& then) {
  watch_start watch{tree, what.child, goal, /*changed=*/true, {}};
  if (goal == start_goal::stable) watch.before = restarts_below(context_.shared.nodes, tree, what.child);
  call(whom, std::move(what),
       [this, watch = std::move(watch), then](const call_outcome& outcome) { follow_start(watch, outcome, then); });
}

void office::follow_start(watch_start watch, const call_outcome& started,
                          const std::function<void(const call_outcome&)>& then) {
  if (watch.goal == start_goal::started || !started.ok() || started.word == "ignored") return then(started);
  watch.changed = started.changed;
  call(spawn<start_watch>(context_.shared, context_.events, child_actor{self()}), std::move(watch), then);
}

void office::carry_out(const shut_down& end, const done& tell) {
  context_.stopping = true;
  context_.trees.begin_shutdown();
  announce(event_kind::daemon_stopping, {}, end.why);
  for (const auto& [key, all] : std::exchange(waiting_, {}))
    for (const auto& one : all)
      one(is_stopping());
  const auto finish = [this, tell] {
    context_.journal.end_operation(std::string{store::shutdown_key});
    tell(went_well(/*changed=*/true));
    if (context_.on_trees_stopped) context_.on_trees_stopped();
  };
  auto left = std::make_shared<std::size_t>(context_.trees.trees().size());
  if (*left == 0) return finish();
  for (const auto& [name, tree] :
       context_.trees.trees()) { // each in its own reverse order; they know nothing of each other
    call(context_.forest, node_call{node_call::op::stop, name, nullptr, policy::end_of_daemon},
         [left, finish](const call_outcome&) {
           if (--*left == 0) finish();
         });
  }
}

void office::announce(event_kind kind, const std::string& tree, const std::string& detail) {
  context_.shared.announce({.kind = kind, .tree = tree, .name = tree, .cause = {.detail = detail}});
}

} // namespace alder::actors
