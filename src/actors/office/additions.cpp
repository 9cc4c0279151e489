// How children come to a tree that is up by hand.
#include "actors/base/runtime.hpp"
#include "actors/office/chain.hpp"
#include "actors/office/office.hpp"
#include "actors/office/outcomes.hpp"
#include "actors/office/trees.hpp"
#include "actors/tree/supervisor_plan.hpp"

#include "runtime/policy/tree_change.hpp"

#include <memory>
#include <utility>

namespace alder::actors {
namespace {

const cause wanted_now{cause::kind::request, {}, {}, {}};
const cause at_its_time{cause::kind::tree_start, {}, {}, {}};

} // namespace

void office::carry_out(const add_children& add, const done& tell) {
  in_turn({add.tree, {}, {}}, tell, [this, add](const done& over) { begin_adding(add, over); });
}

void office::begin_adding(const add_children& add, const done& tell) {
  auto read = add.read ? std::move(*add.read) : read_configuration(add.source);
  load_extensions(read.loaded, context_.offered);
  auto& loaded = read.loaded;
  if (!loaded.tree) {
    auto result = went_wrong("invalid_config", "the configuration is invalid; nothing was added");
    result.failure->diagnostics = diagnostic_entries(loaded.diagnostics);
    return tell(result);
  }
  auto& children = loaded.tree->root.children;
  if (children.empty()) return tell(went_wrong("nothing_to_add", "the configuration has no children"));
  for (const auto& child : children) {
    if (context_.shared.nodes.find(add.tree, name_of(child)) != nullptr)
      return tell(went_wrong("conflict", "'" + name_of(child) + "' already exists in tree " + add.tree,
                             {"choose another name, or remove that one first: alder remove " + name_of(child)}));
  }
  const auto work = std::make_shared<children_to_add>();
  work->tree = add.tree;
  work->supervisor = add.supervisor;
  work->from = std::make_shared<const store::read_source>(std::move(read.source));
  work->children = std::move(children);
  add_next(work, tell);
}

/// One after the other, as a supervisor would. When one fails those before it are removed again. Each is noted before
/// it starts, so that the next daemon knows whose process it is.
void office::add_next(const std::shared_ptr<children_to_add>& work, const done& tell) {
  if (work->next == work->children.size()) return tell(went_well(/*changed=*/true));
  const auto supervisor = context_.shared.supervisors.find(id_of(work->tree, work->supervisor));
  if (supervisor == context_.shared.supervisors.end())
    return tell(went_wrong("conflict", "the supervisor '" + work->supervisor + "' is down",
                           {"start it first: alder start " + work->supervisor}));
  auto& spec = work->children[work->next++];
  const auto entry = std::make_shared<const child_entry>(entry_of(spec));
  const auto& why = policy::stays_down_at_start(spec) ? at_its_time : wanted_now;
  const auto take_all_back = [this, work, tell](const call_outcome& outcome) {
    take_back(work, [tell, outcome] { tell(result_of(outcome)); });
  };
  context_.trees.note_added(work->tree, {{work->supervisor, entry->name, work->from}, std::move(spec)});
  call(supervisor->second, node_call{node_call::op::add, entry->name, entry, why, {}},
       [this, work, tell, take_all_back, name = entry->name](const call_outcome& outcome) {
         if (!outcome.ok()) {
           context_.trees.note_removed(work->tree, name);
           return take_all_back(outcome);
         }
         work->added.push_back(name);
         follow_start({work->tree, name, start_goal::completed, true, {}}, outcome,
                      [this, work, tell, take_all_back](const call_outcome& end) {
                        end.ok() ? add_next(work, tell) : take_all_back(end);
                      });
       });
}

void office::take_back(const std::shared_ptr<children_to_add>& work, const std::function<void()>& then) {
  const auto undo = std::make_shared<chain>();
  for (auto former = work->added.rbegin(); former != work->added.rend(); ++former) {
    undo->steps.push_back([this, work, former = *former](const chain::then& next) {
      const auto parent = context_.shared.parents.find(id_of(work->tree, former));
      if (parent == context_.shared.parents.end()) return next({false, {}, {}});
      call(parent->second, node_call{node_call::op::remove, former, {}, wanted_now, {}}, next);
      context_.trees.note_removed(work->tree, former);
    });
  }
  chain::run(undo, then);
}

} // namespace alder::actors
