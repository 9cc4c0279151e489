// A node and an event, as tests of what is written of them want them.
#pragma once

#include "alder/event.hpp"
#include "alder/snapshot.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <utility>

namespace alder::wire {

inline constexpr wall_time moment{std::chrono::milliseconds{1795369502113}};

/// Runs since `moment`, in a tree called shop.
inline node_snapshot service_named(std::string name, std::string parent) {
  node_snapshot node;
  node.tree = "shop";
  node.name = std::move(name);
  node.parent = std::move(parent);
  node.state = node_state::running;
  node.since = moment;
  node.reason = "started";
  node.generation = 3;
  node.pid = 4140;
  return node;
}

/// Of api:0, which crashed at `moment`.
inline event planned_restart() {
  event e;
  e.seq = 812;
  e.at = moment;
  e.kind = event_kind::restart_planned;
  e.tree = "shop";
  e.name = "api:0";
  e.pid = 4141;
  e.generation = 3;
  e.status = exit_status::signal(SIGSEGV);
  e.delay = std::chrono::milliseconds{3200};
  e.cause = {cause::kind::own_exit, "", "was killed by SIGSEGV", ""};
  return e;
}

} // namespace alder::wire
