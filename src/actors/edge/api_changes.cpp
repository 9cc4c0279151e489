// How a tree that is up takes changes: another version of its configuration, more or fewer instances, children added
// and removed by hand.
#include "actors/edge/api_server.hpp"
#include "actors/edge/api_session.hpp"
#include "actors/edge/outstanding.hpp"
#include "actors/edge/proposed_change.hpp"
#include "actors/edge/wish_result.hpp"

#include "runtime/config/shared_checks.hpp"
#include "runtime/config/tree_edit.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>

namespace alder::actors {
namespace {

using change_kind = config::tree_change::kind;
using op = node_call::op;

const cause on_request{cause::kind::request, {}, {}, {}};

/// Things to do one after the other, each calls what follows it. The first failure is kept; the rest is done all the
/// same, for a change is not left half done.
struct chain {
  using then = std::function<void(const call_outcome&)>;
  std::deque<std::function<void(const then&)>> steps;
  std::optional<wire::operation_result> failure;
  bool changed = false;

  static void run(const std::shared_ptr<chain>& self, const std::function<void()>& done) {
    if (self->steps.empty()) return done();
    const auto step = std::move(self->steps.front());
    self->steps.pop_front();
    step([self, done](const call_outcome& outcome) {
      self->changed = self->changed || outcome.changed;
      if (!outcome.ok() && !self->failure) self->failure = result_of(outcome);
      run(self, done);
    });
  }
};

/// Supervisors of `after` that `before` has too, parents first.
void collect_kept(const std::map<std::string, config::tree_place>& before, const supervisor_spec& after,
                  const std::set<std::string>& made_anew, std::vector<const supervisor_spec*>& into) {
  into.push_back(&after);
  for (const auto& child : after.children) {
    const auto* nested = std::get_if<supervisor_ptr>(&child);
    if (nested != nullptr && before.count((*nested)->name) > 0 && made_anew.count((*nested)->name) == 0)
      collect_kept(before, **nested, made_anew, into);
  }
}

wire::operation_result not_up(const std::string& tree) {
  return went_wrong(conflicting, "conflict", "tree '" + tree + "' is not up", {"bring it up: alder up"});
}

/// What people must know before more instances are started than there are.
std::optional<wire::operation_result> objection_to(const scale_service& scale, const known_tree& now,
                                                   const supervisor_spec& after) {
  const auto* before = config::find_child(*now.root, scale.name);
  const auto* child = config::find_child(after, scale.name);
  const auto* pool = child == nullptr ? nullptr : std::get_if<supervisor_ptr>(child);
  if (before == nullptr || pool == nullptr) return std::nullopt;
  const auto* running = std::get_if<supervisor_ptr>(before);
  const auto count = running == nullptr ? std::size_t{1} : (*running)->children.size();
  const auto shared = (*pool)->children.size() > count && count < 2 ? config::shared_check(**pool) : std::nullopt;
  const auto anyway = "alder scale --force " + scale.name + " " + std::to_string(scale.instances);
  if (shared)
    return went_wrong(conflicting, "shared_check",
                      "the readiness of all instances of '" + scale.name + "' would be checked at " + *shared +
                          ", which only one of them can use; nothing was changed",
                      {"use ${INSTANCE} to make them differ, for example tcp: \"300${INSTANCE}\"",
                       "if they share it on purpose (SO_REUSEPORT): " + anyway});
  if (running == nullptr)
    return went_wrong(
        conflicting, "needs_restart",
        "'" + scale.name +
            "' is a single process, which would be stopped before the new instances are up; nothing was changed",
        {"allow it with: " + anyway});
  return std::nullopt;
}

} // namespace

void api_server::carry_out(const apply_config& apply, const done& tell) {
  auto proposed = propose(apply, context_, extensions_are::loaded);
  if (auto* wrong = std::get_if<wire::problem>(&proposed)) return tell({false, std::move(*wrong)});
  auto& [tree, changes, refusal] = std::get<proposed_change>(proposed);
  std::erase_if(changes,
                [](const auto& one) { return one.what == change_kind::scaled; }); // shown to people, nothing to do
  change(std::move(tree), apply.options, tell, std::move(changes));
}

void api_server::carry_out(const finish_change& finish, const done& tell) {
  const auto* known = context_.trees.find(finish.tree);
  if (known == nullptr) return tell(not_up(finish.tree));
  known_tree tree = *known;
  const std::set<std::string> removed{finish.what.removed.begin(), finish.what.removed.end()};
  std::set<std::string> gone;
  std::erase_if(tree.source.grafts,
                [&](const auto& graft) { return removed.count(graft.child) > 0 && gone.insert(graft.child).second; });
  tree.root = std::make_shared<const supervisor_spec>(config::without(*tree.root, gone));
  change(std::move(tree), finish.what.options, tell);
}

void api_server::carry_out(const scale_service& scale, const done& tell) {
  const auto* known = context_.trees.find(scale.tree);
  if (known == nullptr) return tell(not_up(scale.tree));
  auto scaled = scale.read && scale.read->from == known->root
                    ? *scale.read
                    : read_scaled(*known, scale.name, scale.instances); // another change came first
  auto& loaded = scaled.loaded;
  if (!loaded.tree) {
    const auto why = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [](const auto& d) { return d.severity == config::diagnostic::level::error; });
    return tell(went_wrong(unprocessable, "invalid_config",
                           "cannot run " + std::to_string(scale.instances) + " instances of '" + scale.name + "'" +
                               (why == loaded.diagnostics.end() ? "" : ": " + why->message)));
  }
  known_tree tree{std::move(scaled.source), std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  tree.source.revision = known->source.revision;
  const change_options options{true, true, /*restart_changed=*/false, /*replace=*/true};
  if (const auto wrong = scale.at_any_price ? std::nullopt : objection_to(scale, *known, *tree.root))
    return tell(*wrong);
  change(std::move(tree), options, tell);
}

/// The catalog first, with all that is still to do, so that a successor of this daemon would finish it; then what OTP
/// calls a code change, in every supervisor that stays; around it what `options` asks for.
void api_server::change(known_tree tree, const change_options& options, const done& tell,
                        std::optional<std::vector<config::tree_change>> known_changes) {
  const auto name = tree.source.name;
  const auto before = context_.trees.find(name)->root;
  const auto after = tree.root;
  const auto changes = known_changes
                           ? std::move(*known_changes)
                           : outstanding(*context_.trees.find(name), *after, config::difference(*before, *after),
                                         context_.shared.nodes, context_.trees);
  const auto becomes = [&](const config::tree_change& change) {
    return consequence_of(change, options, name, context_.shared.nodes);
  };
  for (const auto& change : changes) {
    if (becomes(change) == consequence::refuse)
      return tell(went_wrong(conflicting, "needs_restart",
                             "'" + change.name +
                                 "' changes its kind or supervisor, which requires a restart; nothing was changed",
                             {"allow it with: alder apply --restart-changed"}));
  }
  const auto& old_source = context_.trees.find(name)->source;
  const bool is_same_source = static_cast<const store::read_source&>(old_source) == tree.source;
  if (changes.empty() && is_same_source && old_source.grafts.empty() && old_source.removed.empty())
    return tell(went_well(/*changed=*/false)); // nothing to record either
  const auto call_node = [this, name](op what, const std::string& node, std::shared_ptr<const child_entry> entry = {}) {
    return [this, name, what, node, entry = std::move(entry)](const chain::then& then) {
      const auto parent = context_.shared.parents.find(id_of(name, node));
      if (parent == context_.shared.parents.end()) return then({false, {}, {}}); // its supervisor is down
      call(parent->second, node_call{what, node, entry, on_request, {}}, then);
    };
  };
  const auto work = std::make_shared<chain>();
  auto& known = tree.source;
  store::change_under_way under_way{options, {}};
  config::additions left; // of the old version, which run on, until they are removed
  const auto old_places = config::places_in(*before);
  const auto new_places = config::places_in(*after);
  const auto old_text = std::make_shared<const store::read_source>(old_source);
  std::map<std::string, store::saved_tree::graft> old_grafts;
  for (const auto& graft : old_source.grafts)
    old_grafts.emplace(graft.child, graft);
  std::set<std::string> made_anew;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->what == change_kind::added || change->what == change_kind::replaced) made_anew.insert(change->name);
    if (change->what != change_kind::removed && change->what != change_kind::replaced) continue;
    const auto remove = call_node(op::remove, change->name);
    if (change->what == change_kind::replaced) {
      work->steps.push_back(remove);
      continue;
    }
    if (options.stop_removed) {
      under_way.removed.push_back(change->name);
      work->steps.push_back([this, name, child = change->name, remove](const chain::then& then) {
        remove([this, name, child, then](const call_outcome& outcome) {
          // The root may have been restarted meanwhile, and then is without it.
          if (!outcome.ok() && outcome.failure.kind != error_kind::not_found) return then(outcome);
          context_.trees.note_removed(name, child);
          then({true, {}, {}});
        });
      });
    }
    const auto graft = old_grafts.find(change->name);
    known.grafts.push_back(
        graft != old_grafts.end() ? graft->second : store::saved_tree::graft{change->parent, change->name, old_text});
    left[known.grafts.back().parent].push_back(*old_places.at(change->name).child);
  }
  std::vector<const supervisor_spec*> kept;
  collect_kept(old_places, *after, made_anew, kept);
  for (const auto* supervisor : kept) {
    const auto plan = std::make_shared<const supervisor_plan>(plan_of(name, *supervisor));
    work->steps.push_back([this, plan, after, id = id_of(name, supervisor->name)](const chain::then& then) {
      const auto found = context_.shared.supervisors.find(id);
      if (found == context_.shared.supervisors.end()) return then({false, {}, {}}); // it will start as it is now
      call(found->second, upgrade_call{plan}, then);
    });
  }
  known.left.clear();
  for (const auto& change : changes) {
    const auto node = context_.shared.nodes.find(name, change.name);
    const auto outcome = becomes(change);
    if (outcome == consequence::start || outcome == consequence::replace) {
      const auto parent = new_places.find(change.parent);
      const auto* pool = parent == new_places.end() ? nullptr : std::get_if<supervisor_ptr>(parent->second.child);
      if (change.what == change_kind::added && pool != nullptr && (*pool)->pool) { // an instance comes with its start
        const auto entry = std::make_shared<const child_entry>(entry_of(*new_places.at(change.name).child));
        work->steps.push_back([this, id = id_of(name, change.parent), entry](const chain::then& then) {
          const auto found = context_.shared.supervisors.find(id);
          if (found == context_.shared.supervisors.end()) return then({false, {}, {}});
          call(found->second, node_call{op::add, entry->name, entry, on_request, {}}, then);
        });
      } else {
        work->steps.push_back(call_node(op::start, change.name));
      }
    }
    const bool restart = change.what == change_kind::changed && change.needs_restart && is_up(node);
    if (outcome == consequence::restart) work->steps.push_back(call_node(op::restart, change.name));
    const bool added = change.what == change_kind::added;
    const bool replaced = change.what == change_kind::replaced;
    if (added || replaced || restart)
      known.left.push_back({change.name, change.parent, change.details, !restart, node ? node->generation : 0});
    if (replaced) known.left.push_back({change.name, change.parent, {}, /*added=*/true, 0}); // made anew
  }
  if (!left.empty()) tree.root = std::make_shared<const supervisor_spec>(config::with_children(*after, left));
  if (!under_way.removed.empty()) tree.target = after;
  const auto operation = std::string{store::change_key} + name;
  context_.trees.begin_operation(operation, store::change_value(under_way));
  context_.trees.replace(std::move(tree));
  send(context_.forest, tree_replaced{name});
  const bool differs = std::any_of(changes.begin(), changes.end(),
                                   [&](const auto& change) { return becomes(change) != consequence::left_failed; });
  chain::run(work, [this, work, tell, operation, differs, name, has_removed = !under_way.removed.empty()] {
    if (has_removed) {
      context_.trees.settle(name);
      send(context_.forest, tree_replaced{name}); // what could not be removed is still there
    }
    context_.trees.end_operation(operation);
    tell(work->failure ? *work->failure : went_well(differs));
  });
}

void api_server::carry_out(const add_children& add, const done& tell) {
  auto read = add.read ? std::move(*add.read) : read_configuration(add.source);
  load_extensions(read.loaded, context_.trees.offered());
  auto& loaded = read.loaded;
  if (!loaded.tree) {
    auto result = went_wrong(unprocessable, "invalid_config", "the configuration is invalid; nothing was added");
    result.failure->diagnostics = diagnostic_entries(loaded.diagnostics);
    return tell(result);
  }
  auto& children = loaded.tree->root.children;
  if (children.empty()) return tell(went_wrong(unprocessable, "nothing_to_add", "the configuration has no children"));
  for (const auto& child : children) {
    if (context_.shared.nodes.find(add.tree, name_of(child)) != nullptr)
      return tell(went_wrong(conflicting, "conflict", "'" + name_of(child) + "' already exists in tree " + add.tree,
                             {"choose another name, or remove that one first: alder remove " + name_of(child)}));
  }
  const auto work = std::make_shared<children_to_add>();
  work->tree = add.tree;
  work->supervisor = add.supervisor;
  work->from = std::make_shared<const store::read_source>(std::move(read.source));
  work->children = std::move(children);
  add_next(work, tell);
}

/// One after the other, as a supervisor would. When one fails those before it are removed again.
void api_server::add_next(const std::shared_ptr<children_to_add>& work, const done& tell) {
  if (work->next == work->children.size()) return tell(went_well(/*changed=*/true));
  const auto supervisor = context_.shared.supervisors.find(id_of(work->tree, work->supervisor));
  if (supervisor == context_.shared.supervisors.end())
    return tell(went_wrong(conflicting, "conflict", "the supervisor '" + work->supervisor + "' is down",
                           {"start it first: alder start " + work->supervisor}));
  const auto entry = std::make_shared<const child_entry>(entry_of(work->children[work->next]));
  call(supervisor->second, node_call{op::add, entry->name, entry, on_request, {}},
       [this, work, tell](const call_outcome& outcome) {
         if (!outcome.ok()) return take_back(work, [tell, outcome] { tell(result_of(outcome)); });
         auto& child = work->children[work->next++];
         const auto name = name_of(child);
         context_.trees.note_added(work->tree, {{work->supervisor, name, work->from}, std::move(child)});
         work->added.push_back(name);
         add_next(work, tell);
       });
}

void api_server::take_back(const std::shared_ptr<children_to_add>& work, const std::function<void()>& then) {
  const auto undo = std::make_shared<chain>();
  for (auto former = work->added.rbegin(); former != work->added.rend(); ++former) {
    undo->steps.push_back([this, work, former = *former](const chain::then& next) {
      const auto parent = context_.shared.parents.find(id_of(work->tree, former));
      if (parent == context_.shared.parents.end()) return next({false, {}, {}});
      call(parent->second, node_call{op::remove, former, {}, on_request, {}}, next);
      context_.trees.note_removed(work->tree, former);
    });
  }
  chain::run(undo, then);
}

} // namespace alder::actors
