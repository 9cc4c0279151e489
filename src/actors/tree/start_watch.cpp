#include "actors/tree/start_watch.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

using std::chrono::milliseconds;

/// The node itself, or all services below it.
std::vector<node_ptr> services_below(const board& nodes, const std::string& tree, const std::string& name) {
  const auto node = nodes.find(tree, name);
  if (!node) return {};
  if (node->service) return {node};
  std::vector<node_ptr> all;
  for (const auto& child : nodes.children_of(tree, name)) {
    auto below = services_below(nodes, tree, child);
    all.insert(all.end(), std::make_move_iterator(below.begin()), std::make_move_iterator(below.end()));
  }
  return all;
}

bool is_checked(const service_spec& spec) { return known_by(spec.ready.check) != check_source::none; }

/// Whether nothing has shown yet that it works. One that is down although its start succeeded is not to run now.
bool is_unproven(const node_snapshot& node) {
  const auto& spec = *node.service;
  if (spec.task) return false;
  return node.state != node_state::stopped || (!node.settled && spec.autostart);
}

} // namespace

std::string_view word(start_goal goal) {
  switch (goal) {
  case start_goal::started: return "started";
  case start_goal::completed: return "completed";
  case start_goal::stable: return "stable";
  }
  return {};
}

std::optional<start_goal> start_goal_named(std::string_view text) {
  for (const auto one : {start_goal::started, start_goal::completed, start_goal::stable})
    if (word(one) == text) return one;
  return std::nullopt;
}

restart_counts restarts_below(const board& nodes, const std::string& tree, const std::string& name) {
  restart_counts counts;
  for (const auto& node : services_below(nodes, tree, name))
    counts[node->name] = node->restarts;
  return counts;
}

start_watch::start_watch(caf::actor_config& config, runtime& shared, event_feed& feed, const child_actor& asker)
    : actor_base(config), shared_(shared), feed_(feed) {
  watch(asker, [this](const caf::error&) { quit(); });
}

start_watch::behavior_type start_watch::make_behavior() {
  return {
      [this](const watch_start& wanted) { return on_watch(wanted); },
      [this](const watched_event& e) { on_event(*e.what); },
      [this](const watch_over&) {
        answer({wanted_.changed, {}, {}});
      },
  };
}

void start_watch::on_exit() {
  if (!follower_) return;
  feed_.unfollow(*follower_); // it holds a handle of this actor
  if (promise_.pending()) promise_.deliver(caf::make_error(caf::sec::request_receiver_down));
}

caf::result<call_outcome> start_watch::on_watch(const watch_start& wanted) {
  wanted_ = wanted;
  promise_ = make_response_promise<call_outcome>();
  auto promise = promise_;
  const auto node = shared_.nodes.find(wanted.tree, wanted.name);
  if (node) generation_ = node->generation;
  milliseconds longest{0};
  for (const auto& service : services_below(shared_.nodes, wanted.tree, wanted.name)) {
    if (wanted.goal != start_goal::stable || !is_unproven(*service)) continue;
    unproven_.push_back(service->name);
    longest = std::max(longest, service->service->restart_limit.min_uptime);
  }
  const bool is_task = node && node->service && node->service->task;
  if (wanted.goal == start_goal::started || (!is_task && unproven_.empty())) {
    answer({wanted.changed, {}, {}});
    return promise;
  }
  follower_ = feed_.follow([tree = wanted.tree, me = self()](const event_ptr& e) {
    if (e->tree == tree) caf::anon_send(me, watched_event{e});
  });
  if (!unproven_.empty()) delayed_send(this, longest, watch_over{});
  look();
  return promise;
}

void start_watch::on_event(const event& e) {
  const bool is_end = e.kind == event_kind::stopped && e.name == wanted_.name && e.generation == generation_;
  if (is_end && unproven_.empty()) return fail(error_kind::conflict, wanted_.name + " was stopped before it finished");
  look();
}

void start_watch::look() {
  if (!promise_.pending()) return; // answered: what comes now was under way
  if (unproven_.empty()) return look_at_task(shared_.nodes.find(wanted_.tree, wanted_.name));
  look_at_services();
}

/// Between its exit and what is decided about it a task is stopped, but not settled.
void start_watch::look_at_task(const node_ptr& node) {
  if (!node) return fail(error_kind::conflict, wanted_.name + " was removed before it finished");
  if (node->generation != generation_)
    return fail(error_kind::conflict, wanted_.name + " was started again before it finished");
  if (node->state == node_state::finished) return answer({wanted_.changed, {}, {}});
  if (node->state == node_state::failed) return fail(error_kind::io, node->name + " failed: " + node->reason);
  if (node->state == node_state::stopped && node->settled)
    fail(error_kind::conflict, node->name + " was stopped before it finished");
}

void start_watch::look_at_services() {
  for (const auto& name : unproven_) {
    const auto node = shared_.nodes.find(wanted_.tree, name);
    const auto before = wanted_.before.find(name);
    const auto restarts = before == wanted_.before.end() ? 0 : before->second;
    const bool is_up = node && node->state == node_state::running && node->restarts <= restarts;
    if (is_up || (node && node->state == node_state::finished)) continue; // finished: it ended cleanly, as it may
    if (!node || node->state == node_state::stopping || (node->state == node_state::stopped && node->settled))
      return fail(error_kind::conflict, name + " was stopped or removed soon after it was started");
    const auto how = node->last_exit ? phrase(node->last_exit->status) : node->reason;
    return fail(error_kind::io, name + " " + how + " within " +
                                    format_duration(node->service->restart_limit.min_uptime) +
                                    (is_checked(*node->service) ? " of becoming ready" : " of its start"));
  }
}

void start_watch::fail(error_kind kind, const std::string& why) { answer({wanted_.changed, {kind, why}, {}}); }

void start_watch::answer(const call_outcome& outcome) {
  if (!promise_.pending()) return;
  promise_.deliver(outcome);
  quit();
}

} // namespace alder::actors
