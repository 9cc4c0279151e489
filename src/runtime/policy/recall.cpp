#include "runtime/policy/recall.hpp"

#include <utility>

namespace alder::policy {
namespace {

bool is_down(node_state state) {
  return state == node_state::stopped || state == node_state::failed || state == node_state::finished;
}

bool is_end_of_daemon(const cause& why) { return why.what == end_of_daemon.what && why.detail == end_of_daemon.detail; }

/// Whether there was a process, as far as is known.
bool had_process(const former_state& former) {
  return former.state == node_state::starting || former.state == node_state::running ||
         former.state == node_state::stopping;
}

} // namespace

bool is_same_to_successor(const node_snapshot& a, const node_snapshot& b) {
  return a.settled == b.settled && a.state == b.state && a.since == b.since && a.reason == b.reason && a.why == b.why &&
         a.restarts == b.restarts && a.last_exit == b.last_exit && a.health == b.health &&
         a.complaints == b.complaints && a.forced == b.forced && a.reloading == b.reloading;
}

void recall(node_snapshot& node, const node_snapshot& record, what_ended before) {
  node.restarts = record.restarts;
  if (before == what_ended::daemon) node.generation = record.generation; // else numbers begin anew
  node.last_exit = record.last_exit;
  node.former = record.former;
  if (before == what_ended::daemon) { // else it was about processes that are gone
    node.status = record.status;
    node.reloading = record.reloading;
    node.health = record.health;
    node.complaints = record.complaints;
    node.forced = record.forced;
  }
  if (record.settled) {
    node.state = record.state;
    node.settled = true;
    node.since = record.since;
    node.reason = record.reason;
  } else if (record.former && is_down(record.former->state)) { // perhaps nobody looks after it
    node.state = record.former->state;
    node.since = record.former->since;
    node.reason = record.former->reason;
    node.why = record.former->why;
  }
}

void end_with_keeper(node_snapshot& node) {
  if (!node.former) return;
  const auto former = *std::exchange(node.former, std::nullopt);
  if (node.what == node_snapshot::kind::service && had_process(former)) node.last_exit = last_exit{};
}

interruption interruption_of(const node_snapshot* root) {
  const bool in_order = root != nullptr && root->why.what == cause::kind::tree_stop && root->since != wall_time{};
  return {in_order,
          in_order ? "stopped because the daemon was stopped" : "stopped because the machine or its keeper went down"};
}

void lie_down(node_snapshot& node, const interruption& because, wall_time now) {
  const bool is_root = node.name == node.tree;
  const bool was_down = is_down(node.state) && node.since != wall_time{};
  if (!is_root && (node.settled || (was_down && !is_end_of_daemon(node.why)))) return;
  node.state = node_state::stopped;
  node.why = {};
  node.reason = because.why;
  if (!because.in_order) node.since = is_root ? now : wall_time{}; // nobody saw it
  if (!is_root) return;
  node.settled = true;
  node.reason += "; to start what was running before: alder daemon start --resurrect";
}

std::optional<node_snapshot> record_at_shutdown(const node_snapshot& node, const std::optional<node_snapshot>& noted) {
  if (noted && noted->settled) return std::nullopt;
  const auto* former = noted && noted->former ? &*noted->former : nullptr;
  if (former != nullptr && is_down(former->state) && !is_end_of_daemon(former->why)) return std::nullopt;
  auto up = node;
  up.settled = false;
  if (is_down(up.state)) up.why = end_of_daemon;
  return up;
}

bool is_decided(const node_snapshot* node, const supervision_memory* supervisor, generation ended) {
  if (node == nullptr || node->settled || node->generation > ended) return true;
  if (supervisor == nullptr) return true;
  const auto child = supervisor->children.find(node->name);
  return child != supervisor->children.end() && child->second.ended >= ended;
}

} // namespace alder::policy
