#include "actors/tree/kind_supervisor.hpp"

#include "actors/tree/supervisor.hpp"

#include "runtime/policy/tree_edit.hpp"

#include <set>
#include <utility>

namespace alder::actors {
namespace {

/// In the middle of a change: what is to be removed does not come back with its supervisor. What comes to it from
/// another one, where it still is, comes later. Null: it is no other than it was.
supervisor_ptr spec_to_start(const child_place& at) {
  const auto next = at.shared.changing_to ? at.shared.changing_to(at.tree, at.name) : nullptr;
  if (!next) return nullptr;
  std::set<std::string> elsewhere;
  for (const auto& [name, place] : policy::places_in(*next)) {
    const auto node = at.shared.nodes.find(at.tree, name);
    if (node && node->parent != place.parent && at.shared.parents.count(id_of(at.tree, name)) > 0)
      elsewhere.insert(name);
  }
  return elsewhere.empty() ? next : std::make_shared<const supervisor_spec>(policy::without(*next, elsewhere));
}

class kind_supervisor final : public child_kind {
public:
  explicit kind_supervisor(supervisor_ptr spec) : spec_(std::move(spec)) {}

  policy::child_rules rules() const override {
    policy::child_rules rules;
    rules.supervisor = true;
    rules.significant = spec_->significant;
    rules.after = spec_->after;
    rules.backoff = spec_->backoff;
    return rules;
  }

  /// The rest it publishes itself.
  void show(node_snapshot& node) const override {
    node.what = node_snapshot::kind::supervisor;
    node.service = nullptr;
  }

  child_actor spawn(const child_place& at, const start_order& order) const override {
    const auto anew = order.resume ? nullptr : spec_to_start(at);
    return at.host->spawn<supervisor>(at.shared, plan_of(at.tree, anew ? *anew : *spec_), parent_actor{at.supervisor});
  }

  /// What was under way when the daemon was lost was its start: it is up only now.
  bool was_up_before(const child_started& /*message*/, bool goes_on,
                     const std::optional<former_state>& former) const override {
    return goes_on && !(former && former->state == node_state::starting);
  }

  /// What was taken over is said of each service below it.
  std::optional<event_kind> start_event(const child_started& /*message*/, bool was_up_before) const override {
    return was_up_before ? std::nullopt : std::optional{event_kind::started};
  }

  recalled_child recall(const child_place& at, const child_past& past) const override {
    auto recalled = child_kind::recall(at, past);
    const auto memory = at.shared.memories.find(at.id());
    if (!past.resumes || past.known.settled || memory == at.shared.memories.end() || memory->second.generation == 0)
      return recalled;
    const auto reached = memory->second.generation;
    if (past.known.ended >= reached) return recalled; // that life is over, and its end decided on
    // Whatever runs below it, it is this supervisor in this life.
    const bool is_up = past.former && past.former->generation == reached && was_up(*past.former);
    recalled.taken = {.generation = reached,
                      .started = at.shared.steady_now(),
                      .starting = !is_up,
                      .may_have_ended = false,
                      .restarts = std::nullopt};
    return recalled;
  }

private:
  supervisor_ptr spec_;
};

} // namespace

child_entry entry_of_supervisor(const supervisor_ptr& spec) {
  return {spec->name, spec->restart, std::make_shared<const kind_supervisor>(spec), {}};
}

} // namespace alder::actors
