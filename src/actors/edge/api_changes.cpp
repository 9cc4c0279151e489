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
#include <memory>

namespace alder::actors {
namespace {

using change_kind = config::tree_change::kind;
using boxed = std::shared_ptr<const supervisor_spec>;
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
void collect_kept(const supervisor_spec& before, const supervisor_spec& after,
                  const std::vector<config::tree_change>& changes, std::vector<const supervisor_spec*>& into) {
  into.push_back(&after);
  for (const auto& child : after.children) {
    const auto* nested = std::get_if<boxed>(&child);
    const bool kept = nested != nullptr && config::find_child(before, (*nested)->name) != nullptr &&
                      std::none_of(changes.begin(), changes.end(), [&](const auto& change) {
                        return change.name == (*nested)->name &&
                               (change.what == change_kind::added || change.what == change_kind::replaced);
                      });
    if (kept) collect_kept(before, **nested, changes, into);
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
  const auto* pool = child == nullptr ? nullptr : std::get_if<boxed>(child);
  if (before == nullptr || pool == nullptr) return std::nullopt;
  const auto* running = std::get_if<boxed>(before);
  const auto count = running == nullptr ? std::size_t{1} : (*running)->children.size();
  const auto shared = (*pool)->children.size() > count && count < 2 ? config::shared_check(**pool) : std::nullopt;
  const auto anyway = "alder scale --force " + scale.name + " " + std::to_string(scale.instances);
  if (shared)
    return went_wrong(conflicting, "shared_check",
                      "the readiness of all instances of '" + scale.name + "' would be checked at " + *shared +
                          ", which only one of them can use; nothing was changed",
                      {"give each its own with ${INSTANCE}, for example tcp: \"300${INSTANCE}\"",
                       "if they share it on purpose (SO_REUSEPORT): " + anyway});
  if (running == nullptr)
    return went_wrong(conflicting, "needs_restart",
                      "'" + scale.name +
                          "' is a single process, which would be stopped before the new instances are up; nothing "
                          "was changed",
                      {"allow it with: " + anyway});
  return std::nullopt;
}

} // namespace

void api_server::carry_out(const apply_config& apply, const done& tell) {
  auto proposed = propose(apply, context_, extensions_are::loaded);
  if (auto* wrong = std::get_if<wire::problem>(&proposed)) return tell({false, std::move(*wrong)});
  change(std::move(std::get<proposed_change>(proposed).tree), apply.options, tell, apply.files->secrets);
}

void api_server::carry_out(const finish_change& finish, const done& tell) {
  const auto* known = context_.trees.find(finish.tree);
  if (known == nullptr) return tell(not_up(finish.tree));
  known_tree tree = *known;
  for (const auto& name : finish.what.removed) {
    if (std::erase_if(tree.source.grafts, [&](const auto& graft) { return graft.child == name; }) > 0)
      tree.root = std::make_shared<const supervisor_spec>(config::without(*tree.root, name));
  }
  change(std::move(tree), finish.what.options, tell);
}

void api_server::carry_out(const scale_service& scale, const done& tell) {
  const auto* known = context_.trees.find(scale.tree);
  if (known == nullptr) return tell(not_up(scale.tree));
  known_tree tree = *known;
  tree.source.instances[scale.name] = scale.instances;
  for (auto& graft : tree.source.grafts) {
    if (graft.child == scale.name) graft.instances[scale.name] = scale.instances;
  }
  std::erase_if(tree.source.removed, // an instance removed by hand comes back with the others
                [&](const std::string& name) { return name.rfind(scale.name + ":", 0) == 0; });
  auto loaded = read_configuration(tree.source, text_is::known);
  if (!loaded.tree) {
    const auto why = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [](const auto& d) { return d.severity == config::diagnostic::level::error; });
    return tell(went_wrong(unprocessable, "invalid_config",
                           "there cannot be " + std::to_string(scale.instances) + " instances of '" + scale.name + "'" +
                               (why == loaded.diagnostics.end() ? "" : ": " + why->message)));
  }
  tree.root = std::make_shared<const supervisor_spec>(std::move(loaded.tree->root));
  const change_options options{true, true, /*restart_changed=*/false, /*replace=*/true};
  if (const auto wrong = scale.at_any_price ? std::nullopt : objection_to(scale, *known, *tree.root))
    return tell(*wrong);
  change(std::move(tree), options, tell);
}

/// The catalog first, with all that is still to do, so that a successor of this daemon would finish it; then what OTP
/// calls a code change, in every supervisor that stays; around it what `options` asks for.
void api_server::change(known_tree tree, const change_options& options, const done& tell,
                        const std::map<std::string, std::uint64_t>& secrets) {
  const auto name = tree.source.name;
  const auto before = context_.trees.find(name)->root;
  const auto after = tree.root;
  const auto changes = outstanding(*context_.trees.find(name), *after, context_.shared.nodes, context_.trees, secrets);
  const auto becomes = [&](const config::tree_change& change) {
    return consequence_of(change, options, name, context_.shared.nodes);
  };
  for (const auto& change : changes) {
    if (becomes(change) == consequence::refuse)
      return tell(
          went_wrong(conflicting, "needs_restart",
                     "'" + change.name + "' becomes something else, which takes its restart; nothing was changed",
                     {"allow it with: alder apply --restart-changed"}));
  }
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
  std::vector<store::saved_tree::graft> left; // of the old version, which run on, until they are removed
  const auto& old_source = context_.trees.find(name)->source;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
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
          if (outcome.ok()) note_removed(name, child);
          then(outcome);
        });
      });
    }
    const auto graft = std::find_if(old_source.grafts.begin(), old_source.grafts.end(),
                                    [&](const auto& g) { return g.child == change->name; });
    if (graft != old_source.grafts.end())
      left.push_back(*graft);
    else
      left.push_back({change->parent, change->name, old_source.file, old_source.text, old_source.environment,
                      old_source.files, old_source.instances});
  }
  std::vector<const supervisor_spec*> kept;
  collect_kept(*before, *after, changes, kept);
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
      const auto* parent = config::find_child(*after, change.parent);
      const auto* pool = parent == nullptr ? nullptr : std::get_if<boxed>(parent);
      if (change.what == change_kind::added && pool != nullptr && (*pool)->pool) { // an instance comes with its start
        const auto entry = std::make_shared<const child_entry>(entry_of(*config::find_child(*after, change.name)));
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
  if (!left.empty()) {
    known.grafts.insert(known.grafts.end(), left.begin(), left.end());
    auto with_left = *after;
    for (const auto& graft : left)
      with_left = config::with_child(with_left, graft.parent, *config::find_child(*before, graft.child));
    tree.root = std::make_shared<const supervisor_spec>(std::move(with_left));
  }
  const auto operation = std::string{store::change_key} + name;
  context_.trees.begin_operation(operation, store::change_value(under_way));
  context_.trees.replace(std::move(tree));
  send(context_.forest, tree_replaced{name});
  const bool differs = std::any_of(changes.begin(), changes.end(),
                                   [&](const auto& change) { return becomes(change) != consequence::left_failed; });
  chain::run(work, [this, work, tell, operation, differs] {
    context_.trees.end_operation(operation);
    tell(work->failure ? *work->failure : went_well(differs));
  });
}

void api_server::carry_out(const add_children& add, const done& tell) {
  store::saved_tree source;
  source.file = add.source.file;
  source.text = add.source.text;
  source.environment = add.source.environment;
  auto loaded = read_configuration(source, text_is::given, &context_.trees.offered(), add.files.get());
  if (!loaded.tree) {
    auto result = went_wrong(unprocessable, "invalid_config", "the configuration has mistakes; nothing was added");
    result.failure->diagnostics = diagnostic_entries(loaded.diagnostics);
    return tell(result);
  }
  auto& children = loaded.tree->root.children;
  if (children.empty()) return tell(went_wrong(unprocessable, "nothing_to_add", "the configuration has no children"));
  for (const auto& child : children) {
    if (context_.shared.nodes.find(add.tree, config::name_of(child)) != nullptr)
      return tell(
          went_wrong(conflicting, "conflict", "'" + config::name_of(child) + "' exists already in tree " + add.tree,
                     {"choose another name, or remove that one first: alder remove " + config::name_of(child)}));
  }
  add_next(add, std::move(children), {}, tell);
}

/// One after the other, as a supervisor would. When one fails those before it are removed again.
void api_server::add_next(const add_children& add, std::vector<child_spec> left, std::vector<std::string> added,
                          const done& tell) {
  if (left.empty()) return tell(went_well(/*changed=*/true));
  const auto child = left.front();
  left.erase(left.begin());
  const auto supervisor = context_.shared.supervisors.find(id_of(add.tree, add.supervisor));
  if (supervisor == context_.shared.supervisors.end())
    return tell(went_wrong(conflicting, "conflict", "the supervisor '" + add.supervisor + "' is down",
                           {"start it first: alder start " + add.supervisor}));
  const auto entry = std::make_shared<const child_entry>(entry_of(child));
  call(supervisor->second, node_call{op::add, entry->name, entry, on_request, {}},
       [this, add, left = std::move(left), added = std::move(added), child, tell](const call_outcome& outcome) mutable {
         const auto& name = config::name_of(child);
         if (outcome.ok()) {
           known_tree tree = *context_.trees.find(add.tree);
           tree.source.grafts.push_back(
               {add.supervisor, name, add.source.file, add.source.text, add.source.environment, {}, {}});
           tree.root = std::make_shared<const supervisor_spec>(config::with_child(*tree.root, add.supervisor, child));
           context_.trees.add(std::move(tree));
           added.push_back(name);
           return add_next(add, std::move(left), std::move(added), tell);
         }
         const auto undo = std::make_shared<chain>();
         for (auto former = added.rbegin(); former != added.rend(); ++former) {
           undo->steps.push_back([this, add, former = *former](const chain::then& then) {
             const auto parent = context_.shared.parents.find(id_of(add.tree, former));
             if (parent == context_.shared.parents.end()) return then({false, {}, {}});
             call(parent->second, node_call{op::remove, former, {}, on_request, {}}, then);
             note_removed(add.tree, former);
           });
         }
         chain::run(undo, [tell, outcome] { tell(result_of(outcome)); });
       });
}

void api_server::note_removed(const std::string& tree, const std::string& name) {
  const auto* known = context_.trees.find(tree);
  if (known == nullptr) return;
  auto changed = *known;
  auto& source = changed.source;
  if (std::erase_if(source.grafts, [&](const auto& graft) { return graft.child == name; }) == 0)
    source.removed.push_back(name);
  changed.root = std::make_shared<const supervisor_spec>(config::without(*changed.root, name));
  context_.trees.add(std::move(changed));
  send(context_.forest, tree_replaced{tree});
}

} // namespace alder::actors
