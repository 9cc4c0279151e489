// Watches what follows a start that has succeeded, for somebody who waits: the end of a task, or the first moments of
// services. Supervisors do not wait for either; while they wait they restart nothing.
//
//   goal        answers when
//   completed   the task has finished (ok), or failed, was stopped or was started anew (a failure)
//   stable      the same for a task; each service has run for its `min_uptime` since its start succeeded (ok), which is
//               since it was ready if that is checked, or one of them has ended sooner (a failure)
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

/// When a start counts as done.
enum class start_goal : std::uint8_t {
  started,   ///< its supervisor says so: a service is ready, or runs if it has no readiness check; a task runs
  completed, ///< besides, a task has ended
  stable,    ///< besides, services have run, and been ready, for a while (restart_limit.min_uptime)
};

[[nodiscard]] std::string_view word(start_goal goal);
[[nodiscard]] std::optional<start_goal> start_goal_named(std::string_view word);

/// The number of automatic restarts of each service, by name.
using restart_counts = std::map<std::string, unsigned>;
/// Of the node, or of all services below it.
[[nodiscard]] restart_counts restarts_below(const board& nodes, const std::string& tree, const std::string& name);

/// The start of a node has succeeded. Answered once, by the outcome of the whole.
struct watch_start {
  std::string tree;
  std::string name;
  start_goal goal = start_goal::completed;
  bool changed = true;   ///< as the start said; the outcome says the same
  restart_counts before; ///< for `stable`: as they were before the start
};
/// The watch's own: an event of the tree.
struct watched_event {
  event_ptr what;
};
/// The watch's own: those that were watched have run for long enough.
struct watch_over {};

using start_watch_actor = caf::typed_actor<caf::replies_to<watch_start>::with<call_outcome>,
                                           caf::reacts_to<watched_event>, caf::reacts_to<watch_over>>;

/// Ends with its answer, or with the actor that asks.
class start_watch final : public actor_base<start_watch_actor> {
public:
  start_watch(caf::actor_config& config, runtime& shared, event_feed& feed, const child_actor& asker);
  const char* name() const override { return "start_watch"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  caf::result<call_outcome> on_watch(const watch_start& wanted);
  void on_event(const event& e);
  void look();
  void look_at_task(const node_ptr& node);
  void look_at_services();
  void answer(const call_outcome& outcome);
  void fail(error_kind kind, const std::string& why);

  runtime& shared_;
  event_feed& feed_;
  std::optional<event_feed::follower_id> follower_;
  caf::typed_response_promise<call_outcome> promise_;
  watch_start wanted_;
  alder::generation generation_ = 0;  ///< of the task
  std::vector<std::string> unproven_; ///< services
};

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::watch_start)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::watched_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::watch_over)
