// How a tree that is up takes changes: another version of its configuration, more or fewer instances.
#include "actors/base/runtime.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/chain.hpp"
#include "actors/office/office.hpp"
#include "actors/office/outcomes.hpp"
#include "actors/office/proposed_change.hpp"
#include "actors/office/requests.hpp"
#include "actors/office/trees.hpp"
#include "actors/tree/supervisor_plan.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/config/shared_checks.hpp"
#include "runtime/policy/tree_change.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace alder::actors {
namespace {

using op = node_call::op;

const cause on_request{cause::kind::request, {}, {}, {}};
const cause by_its_supervisor{cause::kind::tree_start, {}, {}, {}};

} // namespace

// Part of office::change_in_steps, which is no secret of this file for the compiler.

/// Instances that were restarted one after the other in a change.
struct rolling_restart {
  struct restarted {
    std::string pool;
    std::string name;
    unsigned restarts = 0; ///< when it had come up again
  };
  std::set<std::string> over;    ///< pools of which one did not come up again, or did not stay up
  std::vector<restarted> up;     ///< came up again
  std::vector<std::string> left; ///< what was left alone for that

  void add_help(wire::operation_result& result) const {
    if (left.empty() || !result.failure) return;
    result.failure->help.push_back("not restarted: " + join(left, ", ") +
                                   "; after fixing the problem: alder apply --restart-changed");
  }
};

namespace {

/// What the new version does not have any more stays in the tree as a graft from the text that describes it.
void keep(const policy::additions& kept, const store::saved_tree& before, store::saved_tree& after) {
  if (kept.empty()) return;
  std::map<std::string, store::saved_tree::graft> known;
  for (const auto& graft : before.grafts)
    known.emplace(graft.child, graft);
  const auto text = std::make_shared<const store::read_source>(before);
  for (const auto& [parent, children] : kept) {
    for (const auto& child : children) {
      const auto graft = known.find(name_of(child));
      after.grafts.push_back(graft != known.end() ? graft->second
                                                  : store::saved_tree::graft{parent, name_of(child), text});
    }
  }
}

/// Somebody may have removed a node while others were being stopped.
void leave_out_what_went(const supervisor_spec& before, const supervisor_spec& now, known_tree& tree,
                         std::vector<policy::tree_change>& changes) {
  const auto left = policy::places_in(now);
  std::set<std::string> gone;
  for (const auto& [name, place] : policy::places_in(before))
    if (left.count(name) == 0) gone.insert(name);
  if (gone.empty()) return;
  std::erase_if(changes, [&](const auto& change) { return gone.count(change.name) > 0; });
  auto& source = tree.source;
  std::erase_if(source.grafts, [&](const auto& graft) { return gone.count(graft.child) > 0; });
  source.removed.insert(source.removed.end(), gone.begin(), gone.end());
  tree.root = std::make_shared<const supervisor_spec>(policy::without(*tree.root, gone));
}

wire::operation_result not_up(const std::string& tree) {
  return went_wrong("conflict", "tree '" + tree + "' is not up", {"bring it up: alder up"});
}

/// What people must know before more instances are started than there are.
std::optional<wire::operation_result> objection_to(const scale_service& scale, const known_tree& now,
                                                   const supervisor_spec& after) {
  const auto* before = policy::find_child(*now.root, scale.name);
  const auto* child = policy::find_child(after, scale.name);
  const auto* pool = child == nullptr ? nullptr : std::get_if<supervisor_ptr>(child);
  if (before == nullptr || pool == nullptr) return std::nullopt;
  const auto* running = std::get_if<supervisor_ptr>(before);
  const auto count = running == nullptr ? std::size_t{1} : (*running)->children.size();
  const auto shared = (*pool)->children.size() > count && count < 2 ? config::shared_check(**pool) : std::nullopt;
  const auto anyway = "alder scale --force " + scale.name + " " + std::to_string(scale.instances);
  if (shared)
    return went_wrong("shared_check",
                      "the readiness of all instances of '" + scale.name + "' would be checked at " + *shared +
                          ", which only one of them can use; nothing was changed",
                      {"use ${INSTANCE} to make them differ, for example tcp: \"300${INSTANCE}\"",
                       "if they share it on purpose (SO_REUSEPORT): " + anyway});
  if (running == nullptr)
    return went_wrong(
        "needs_restart",
        "'" + scale.name +
            "' is a single process, which would be stopped before the new instances are up; nothing was changed",
        {"allow it with: " + anyway});
  return std::nullopt;
}

} // namespace

/// With the answer for whoever asks again.
office::done office::remembered(const wanted_change& by, const std::string& tree, const done& tell) {
  if (by.asked.key.empty()) return tell;
  return [this, by, tree, tell](const wire::operation_result& result) {
    answer(by.asked, word_of_change(by.service), tree, by.service.empty() ? tree : by.service, result, tell);
  };
}

void office::carry_out(const apply_config& apply, const done& tell) {
  const wanted_change by{apply.options, {}, apply.asked};
  const auto tree = apply.read ? apply.read->source.name : std::string{}; // none: it is about to be refused
  std::optional<store::waiting_change> note;
  if (const auto* known = context_.trees.find(tree); apply.read && known != nullptr) {
    auto source = apply.read->source;
    source.up_since = known->source.up_since;
    note = {.tree = tree, .options = apply.options, .pending = tree_value(source), .asked = apply.asked};
  }
  in_turn({tree, note, {}}, remembered(by, tree, tell), [this, apply, by](const done& over) {
    auto proposed = propose(apply, context_, extensions_are::loaded);
    if (auto* wrong = std::get_if<wire::problem>(&proposed)) return over({false, std::move(*wrong)});
    auto& [known, changes, scaled, refusal] = std::get<proposed_change>(proposed);
    change(std::move(known), by, changes, over);
  });
}

void office::carry_out(const finish_change& finish, const done& tell) {
  const wanted_change by{finish.what.options, finish.what.service, finish.what.asked};
  in_turn({finish.tree, {}, finish.noted}, remembered(by, finish.tree, tell), [this, finish, by](const done& over) {
    const auto* known = context_.trees.find(finish.tree);
    if (known == nullptr) return over(not_up(finish.tree));
    if (!finish.what.pending.empty()) return begin_again(*known, finish.what, over);
    known_tree tree = *known;
    const std::set<std::string> removed{finish.what.removed.begin(), finish.what.removed.end()};
    std::set<std::string> gone;
    std::erase_if(tree.source.grafts,
                  [&](const auto& graft) { return removed.count(graft.child) > 0 && gone.insert(graft.child).second; });
    tree.root = std::make_shared<const supervisor_spec>(policy::without(*tree.root, gone));
    const auto node = nodes_of(context_.shared.nodes, finish.tree);
    auto changes = policy::outstanding(*tree.root, policy::difference(*known->root, *tree.root, config::effect_of),
                                       known->source.left, node, [](const auto&) { return false; });
    policy::add_replaced(finish.what.replaced, *tree.root, node, changes);
    change(std::move(tree), by, changes, over, change_stage::resumed);
  });
}

/// It was stopping what is to be of another kind; the tree is what it was.
void office::begin_again(const known_tree& known, const store::change_under_way& what, const done& over) {
  auto source = store::parse_tree_value(what.pending);
  if (!source) return over(went_wrong("invalid_config", "its record is damaged: " + source.failure().message));
  auto loaded = read_configuration(*source, text_is::known);
  load_extensions(loaded, context_.offered);
  if (!loaded.tree) return over(went_wrong("invalid_config", "its configuration can no longer be loaded"));
  auto root = std::make_shared<const supervisor_spec>(policy::sharing(*known.root, loaded.tree->root));
  auto changes = policy::difference(*known.root, *root, config::effect_of);
  if (!what.options.replace) // else it is about one service
    changes = policy::outstanding(*root, std::move(changes), known.source.left,
                                  nodes_of(context_.shared.nodes, source->name), [](const auto&) { return false; });
  policy::make_due(what.replaced, changes);
  change({std::move(*source), std::move(root)}, {what.options, what.service, what.asked}, changes, over);
}

void office::carry_out(const scale_service& scale, const done& tell) {
  store::waiting_change note{.tree = scale.tree,
                             .service = scale.name,
                             .instances = scale.instances,
                             .at_any_price = scale.at_any_price,
                             .asked = scale.asked};
  const policy::change_options options{true, true, /*restart_changed=*/false, /*replace=*/true};
  const wanted_change by{options, scale.name, scale.asked};
  const auto remember = remembered(by, scale.tree, tell);
  in_turn({scale.tree, std::move(note), scale.noted}, remember, [this, scale, by](const done& over) {
    const auto* known = context_.trees.find(scale.tree);
    if (known == nullptr) return over(not_up(scale.tree));
    auto scaled = scale.read && scale.read->from == known->root
                      ? *scale.read
                      : read_scaled(*known, scale.name, scale.instances); // another change came first
    auto& loaded = scaled.loaded;
    if (!loaded.tree) {
      const auto why = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                    [](const auto& d) { return d.severity == config::diagnostic::level::error; });
      return over(went_wrong("invalid_config", "cannot run " + counted(scale.instances, "instance") + " of '" +
                                                   scale.name + "'" +
                                                   (why == loaded.diagnostics.end() ? "" : ": " + why->message)));
    }
    known_tree tree{std::move(scaled.source), std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
    tree.source.revision = known->source.revision;
    tree.source.left = known->source.left; // what an apply has left is none of this
    if (const auto wrong = scale.at_any_price ? std::nullopt : objection_to(scale, *known, *tree.root))
      return over(*wrong);
    const auto changes = policy::difference(*known->root, *tree.root, config::effect_of);
    change(std::move(tree), by, changes, over);
  });
}

void office::in_turn(turn in, const done& tell, std::function<void(const done&)> change) {
  const auto tree = in.tree;
  const auto [place, is_free] = changing_.try_emplace(tree);
  if (!is_free && in.noted.empty() && in.note) {
    in.noted = std::string{store::wait_key} + in_order(++last_act_);
    context_.journal.begin_operation(in.noted, store::wait_value(*in.note));
  }
  auto begin = [this, tree, noted = in.noted, tell, change = std::move(change)] {
    const done over = [this, tree, tell](const wire::operation_result& result) {
      tell(result);
      const auto found = changing_.find(tree);
      if (found->second.empty()) {
        changing_.erase(found);
        return;
      }
      const auto next = std::move(found->second.front());
      found->second.pop_front();
      next();
    };
    if (context_.stopping) return over(is_stopping());
    context_.journal.forget_soon(noted); // with the first that is written of it
    change(over);
  };
  if (!is_free) {
    context_.shared.announce({.kind = event_kind::queued, .tree = tree});
    return place->second.push_back(std::move(begin));
  }
  begin();
}

/// A change while it is carried out.
struct office::change_in_steps {
  std::string tree;
  std::shared_ptr<const supervisor_spec> after; ///< the plan's steps refer to it
  store::change_under_way what;                 ///< as it is noted
  bool has_effect = false;
  chain work;
  rolling_restart roll;

  [[nodiscard]] std::string operation() const { return std::string{store::change_key} + tree; }
};

/// Written down first, with all that is still to do, so that a successor of this daemon would finish it.
void office::change(known_tree tree, const wanted_change& by, const std::vector<policy::tree_change>& changes,
                    const done& tell, change_stage stage) {
  const auto name = tree.source.name;
  const auto& now = *context_.trees.find(name);
  const auto after = tree.root;
  auto plan = policy::plan_change(*now.root, *after, changes, by.options, nodes_of(context_.shared.nodes, name));
  if (!plan.refused.empty())
    return tell(went_wrong("needs_restart",
                           "'" + plan.refused +
                               "' changes its kind or supervisor, which requires a restart; nothing was changed",
                           {"allow it with: alder apply --restart-changed"}));
  const auto turning = policy::turning(*now.root, *after, changes, by.options, nodes_of(context_.shared.nodes, name));
  if (!turning.empty() && stage == change_stage::begin) {
    const store::change_under_way begun{.options = by.options,
                                        .removed = {},
                                        .replaced = plan.replaced,
                                        .pending = tree_value(tree.source),
                                        .service = by.service,
                                        .asked = by.asked};
    context_.journal.begin_operation(std::string{store::change_key} + name, store::change_value(begun));
    return stop_first(turning, std::move(tree), plan.replaced, by, changes, tell);
  }
  const bool is_same_source = static_cast<const store::read_source&>(now.source) == tree.source;
  if (changes.empty() && is_same_source && now.source.grafts.empty() && now.source.removed.empty())
    return tell(went_well(/*changed=*/false)); // nothing to record either
  const auto work = std::make_shared<change_in_steps>();
  work->tree = name;
  work->after = after;
  work->what = {by.options, plan.removed, plan.replaced, plan.down, {}, by.service, by.asked};
  work->has_effect = plan.has_effect;
  if (stage == change_stage::resumed) add_look_at_pools(work, plan.steps, now.source.left);
  keep(plan.kept, now.source, tree.source);
  std::erase_if(tree.source.left, [&](const auto& left) {
    return std::any_of(changes.begin(), changes.end(), [&](const auto& one) { return one.name == left.name; });
  });
  tree.source.left.insert(tree.source.left.end(), plan.left.begin(), plan.left.end());
  if (!plan.kept.empty()) tree.root = std::make_shared<const supervisor_spec>(policy::with_children(*after, plan.kept));
  if (!plan.removed.empty()) tree.target = after;
  context_.journal.begin_operation(work->operation(), store::change_value(work->what));
  context_.trees.replace(std::move(tree));
  send(context_.forest, tree_replaced{name});
  for (auto& step : plan.steps)
    add_step(work, std::move(step));
  chain::run({work, &work->work}, [this, work, tell] { finish(work, tell); });
}

/// What becomes of another kind is stopped as what it is, by its own supervisor, also if that takes several daemons.
void office::stop_first(const std::vector<std::string>& nodes, known_tree tree,
                        const std::vector<policy::replaced_node>& replaced, const wanted_change& by,
                        const std::vector<policy::tree_change>& changes, const done& tell) {
  const auto stops = std::make_shared<chain>();
  const auto name = tree.source.name;
  for (const auto& node : nodes) {
    stops->steps.push_back([this, name, node](const chain::then& next) {
      const auto parent = context_.shared.parents.find(id_of(name, node));
      if (parent == context_.shared.parents.end()) return next({false, {}, {}});
      call(parent->second, node_call{op::stop, node, nullptr, on_request, {}}, next);
    });
  }
  const auto before = context_.trees.find(name)->root;
  chain::run(stops, [this, name, tree = std::move(tree), before, replaced, by, rest = changes, tell]() mutable {
    const auto* now = context_.trees.find(name);
    if (now == nullptr) return tell(not_up(name));
    leave_out_what_went(*before, *now->root, tree, rest);
    policy::make_due(replaced, rest);
    change(std::move(tree), by, rest, tell, change_stage::stopped);
  });
}

/// Once an instance of a pool did not come up again, the others are left as they are.
void office::add_step(const std::shared_ptr<change_in_steps>& work, policy::change_step step) {
  // Not shared with its own steps: what comes after a step holds it.
  work->work.steps.push_back([this, work = work.get(), step = std::move(step)](const chain::then& then) {
    auto& roll = work->roll;
    const auto* restart = std::get_if<policy::restart_node>(&step);
    const auto* removal = std::get_if<policy::remove_node>(&step);
    if (restart != nullptr && !restart->pool.empty()) look_back(*work, restart->pool);
    if (restart != nullptr && roll.over.count(restart->pool) > 0) {
      roll.left.push_back(restart->name);
      return then({false, {}, {}});
    }
    take(work->tree, step,
         [this, work, then, name = restart == nullptr ? "" : restart->name,
          pool = restart == nullptr ? "" : restart->pool,
          replaced = removal != nullptr && removal->is_replaced ? removal->name : ""](const call_outcome& outcome) {
           if (!pool.empty() && !outcome.ok()) work->roll.over.insert(pool);
           if (!pool.empty() && outcome.ok()) {
             const auto node = context_.shared.nodes.find(work->tree, name);
             work->roll.up.push_back({pool, name, node ? node->restarts : 0});
           }
           if (!replaced.empty() && outcome.ok()) note_gone(*work, replaced);
           then(outcome);
         });
  });
}

/// An instance that had come up again may have ended since, while others were being restarted.
void office::look_back(change_in_steps& work, const std::string& pool) {
  for (const auto& one : work.roll.up) {
    const auto node = one.pool == pool ? context_.shared.nodes.find(work.tree, one.name) : nullptr;
    const bool has_ended = node && (node->state == node_state::backoff || node->state == node_state::failed ||
                                    node->restarts > one.restarts);
    if (!has_ended || !work.roll.over.insert(pool).second) continue;
    const auto how = node->last_exit ? phrase(node->last_exit->status) : node->reason;
    const call_outcome lost{true, {error_kind::io, one.name + " " + how + " after it had been restarted"}, {}};
    if (!work.work.failure) work.work.failure = result_of(lost);
  }
}

/// What was replaced is down now: from here on a successor has only to start it.
void office::note_gone(change_in_steps& work, const std::string& name) {
  for (auto& node : work.what.replaced)
    if (node.name == name) node.generation = 0;
  context_.journal.begin_operation(work.operation(), store::change_value(work.what));
}

/// What a former daemon has restarted in a pool may not have shown yet that it works. Unless it does, the others are
/// left as they are.
void office::add_look_at_pools(const std::shared_ptr<change_in_steps>& work,
                               const std::vector<policy::change_step>& steps,
                               const std::vector<policy::left_change>& left) {
  std::set<std::string> pools;
  for (const auto& step : steps) {
    const auto* restart = std::get_if<policy::restart_node>(&step);
    if (restart != nullptr && !restart->pool.empty()) pools.insert(restart->pool);
  }
  for (const auto& one : left) {
    const auto node = context_.shared.nodes.find(work->tree, one.name);
    if (one.added || pools.count(one.parent) == 0 || !node || node->generation == one.generation) continue;
    work->work.steps.push_back([this, work = work.get(), one](const chain::then& then) {
      const auto look = [work, one, then](const call_outcome& outcome) {
        if (!outcome.ok()) work->roll.over.insert(one.parent);
        then(outcome);
      };
      const auto now = context_.shared.nodes.find(work->tree, one.name);
      if (now && (now->state == node_state::failed || now->state == node_state::backoff))
        return look({false, {error_kind::io, one.name + " did not come up again: " + now->reason}, {}});
      follow_start({work->tree, one.name, start_goal::stable, /*changed=*/true,
                    restarts_below(context_.shared.nodes, work->tree, one.name)},
                   {}, look);
    });
  }
}

void office::finish(const std::shared_ptr<change_in_steps>& work, const done& tell) {
  if (!work->what.removed.empty()) {
    context_.trees.settle(work->tree);
    send(context_.forest, tree_replaced{work->tree}); // what could not be removed is still there
  }
  // Of a daemon that is being stopped the rest is done when everything has ended.
  if (!context_.stopping) context_.journal.end_operation(work->operation());
  auto& failure = work->work.failure;
  if (failure) work->roll.add_help(*failure);
  tell(failure ? *failure : went_well(work->has_effect));
}

/// What is not there is down, and will start as it is now.
void office::take(const std::string& tree, const policy::change_step& step,
                  const std::function<void(const call_outcome&)>& then) {
  const auto call_one = [&](const auto& actors, const std::string& node, auto what, const chain::then& answer) {
    const auto found = actors.find(id_of(tree, node));
    if (found == actors.end()) return answer({false, {}, {}});
    call(found->second, std::move(what), answer);
  };
  const auto start = [&](op what, const std::string& node, const cause& why, start_goal goal) {
    const auto parent = context_.shared.parents.find(id_of(tree, node));
    if (parent == context_.shared.parents.end()) return then({false, {}, {}});
    call_until(goal, parent->second, tree, node_call{what, node, nullptr, why, {}}, then);
  };
  const auto remove = [&](const policy::remove_node& one) {
    const node_call call{op::remove, one.name, nullptr, on_request, {}};
    if (one.is_replaced) return call_one(context_.shared.parents, one.name, call, then);
    call_one(context_.shared.parents, one.name, call, [this, tree, one, then](const call_outcome& outcome) {
      // The root may have been restarted meanwhile, and then is without it.
      if (!outcome.ok() && outcome.failure.kind != error_kind::not_found) return then(outcome);
      context_.trees.note_removed(tree, one.name);
      then({true, {}, {}});
    });
  };
  const auto upgrade = [&](const policy::upgrade_supervisor& one) {
    const auto plan = std::make_shared<const supervisor_plan>(plan_of(tree, *one.to));
    call_one(context_.shared.supervisors, one.to->name, upgrade_call{plan}, then);
  };
  const auto add = [&](const policy::add_instance& one) {
    const auto& name = name_of(one.instance);
    if (context_.shared.parents.count(id_of(tree, name)) > 0) // a former daemon has added it
      return start(op::start, name, on_request, start_goal::completed);
    const auto entry = std::make_shared<const child_entry>(entry_of(one.instance));
    call_one(context_.shared.supervisors, one.pool, node_call{op::add, entry->name, entry, on_request, {}}, then);
  };
  std::visit(overloaded{remove, upgrade, add,
                        [&](const policy::start_node& one) {
                          start(op::start, one.name, one.stays_down ? by_its_supervisor : on_request,
                                start_goal::completed);
                        },
                        [&](const policy::restart_node& one) {
                          start(op::restart, one.name, on_request,
                                one.pool.empty() ? start_goal::completed : start_goal::stable);
                        }},
             step);
}

} // namespace alder::actors
