// What the API works on, and how it says what it wants changed.
#pragma once

#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"
#include "actors/edge/catalog.hpp"
#include "actors/edge/forest.hpp"
#include "actors/edge/keeper_bridge.hpp"
#include "actors/tree/log_hub.hpp"

#include "runtime/os/paths.hpp"
#include "runtime/wire/json.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <string>
#include <variant>

namespace alder::actors {

/// Bring the tree of this configuration up.
struct bring_up {
  wire::config_request source;
};
/// Stop a tree and forget it.
struct take_down {
  std::string tree;
};
/// Start, stop or restart one node.
struct act_on_node {
  std::string tree;
  std::string name;
  node_call::op what = node_call::op::start;
};
/// Stop all trees, then the daemon.
struct shut_down {
  std::string why; ///< "on request", "on SIGTERM"
};

/// Something somebody wants done. `done` is called once, on the loop thread, when it is.
struct wish {
  std::variant<bring_up, take_down, act_on_node, shut_down> what;
  std::function<void(const wire::operation_result&)> done;
};

/// Loop thread only; lives as long as the daemon.
struct api_context {
  runtime& shared;
  catalog& trees;
  event_feed& events;
  log_hub& logs;
  keeper_bridge& bridge;
  os::locations home;
  wall_time started_at{};
  forest_actor forest;                               ///< of all trees
  std::function<void(wish)> submit;                  ///< to the API server's actor
  std::function<void()> on_trees_stopped;            ///< the last wish is done: the daemon may end
  std::function<std::vector<std::string>()> notices; ///< what everybody who looks should know
  bool stopping = false;
};

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::wish)
