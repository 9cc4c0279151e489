// What people see of a supervisor and its children: snapshots and events.
#include "actors/tree/supervisor.hpp"

#include "runtime/wire/event_sentence.hpp"

#include <utility>

namespace alder::actors {

using std::chrono::milliseconds;

bool supervisor::is_down(const node_ptr& node) { return node && node->settled; }

void supervisor::publish_self() {
  publishing_soon_ = false;
  shared_.nodes.update(plan_.tree, plan_.name, [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.strategy = plan_.rules.strategy;
    node.intensity = plan_.rules.intensity;
    node.pool = plan_.pool;
    node.counted.clear();
    for (const auto at : machine_.restarts().newest_first())
      node.counted.push_back(shared_.steady_now() - std::chrono::duration_cast<milliseconds>(now_on_clock() - at));
  });
}

/// Behind what the mailbox holds already: a burst of restarts is shown once.
void supervisor::publish_soon() {
  if (std::exchange(publishing_soon_, true)) return;
  send(this, publication_due{});
}

void supervisor::set_state(child& c, node_state state, const cause& why, stays settled) {
  enter(c, state, wire::state_reason(state, c.entry->name, why), why, settled);
}

void supervisor::set_state(child& c, node_state state, const std::string& reason, stays settled) {
  enter(c, state, reason, {}, settled);
}

void supervisor::enter(child& c, node_state state, const std::string& reason, const cause& why, stays settled) {
  shared_.nodes.update(tree_of(c), c.entry->name, [&](node_snapshot& node) {
    if (node.state != state || node.since == wall_time{}) node.since = shared_.steady_now();
    node.state = state;
    node.settled = settled == stays::yes;
    node.reason = reason;
    node.why = why;
    node.former.reset();
    node.restarts = c.restarts;
    node.generation = c.generation;
    node.next_attempt.reset();
  });
}

void supervisor::keep_since(const child& c, wall_time earliest) {
  const auto node = shared_.nodes.find(tree_of(c), c.entry->name);
  auto since = earliest;
  if (c.former && c.former->state == node->state && c.former->since >= earliest &&
      c.former->since <= shared_.steady_now())
    since = c.former->since;
  if (since == wall_time{} || since == node->since) return;
  shared_.nodes.update(tree_of(c), c.entry->name, [&](node_snapshot& changed) { changed.since = since; });
}

void supervisor::announce(event_kind kind, const child& c, const cause& why, const std::function<void(event&)>& more) {
  // The daemon's own branch makes no events of its daily life.
  if (tree_of(c).empty() && kind != event_kind::warning) return;
  event e{.kind = kind, .tree = tree_of(c), .name = c.entry->name, .generation = c.generation, .cause = why};
  if (const auto node = shared_.nodes.find(e.tree, e.name)) e.pid = node->pid;
  if (more) more(e);
  shared_.announce(std::move(e));
}

} // namespace alder::actors
