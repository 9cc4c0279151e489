// What people and programs may want of the daemon. Whoever wants something, a request, a signal, a daemon that finishes
// what a former one began, says it as one of these to the office.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/office/configuration.hpp"
#include "actors/tree/start_watch.hpp"

#include "runtime/policy/tree_change.hpp"
#include "runtime/store/journal_values.hpp"
#include "runtime/wire/problem_json.hpp"
#include "runtime/wire/request_json.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace alder::actors {

/// Bring the tree of this configuration up.
struct bring_up {
  wire::config_request source;
  bool keep_going = false;                  ///< what does not start stays down, and the others come up
  std::shared_ptr<configuration> read = {}; ///< by a thread, and taken from here
  store::request_mark asked = {};
};
/// Stop a tree and forget it.
struct take_down {
  std::string tree;
  store::request_mark asked = {};
  bool is_resumed = false; ///< a former daemon was in the middle of it
};
/// A verb on one node: start, stop, restart, reset or remove.
struct act_on_node {
  std::string tree;
  std::string name;
  node_call::op what = node_call::op::start;
  start_goal goal = start_goal::completed; ///< of a start and a restart
  /// Of a start and a restart: the generation that whoever asks has seen. A node that was started since is left alone.
  std::optional<alder::generation> seen = {};
  std::string operation = {}; ///< what a former daemon was asked for, and had noted under this key
  store::request_mark asked = {};
};
/// A new version of a configuration, read for the tree that it is of (proposed_change.hpp).
struct reading;
/// Take up a new version of the configuration of a tree that is up.
struct apply_config {
  wire::config_request source;
  policy::change_options options;
  bool takes_environment = false; ///< of the source; else it stays that with which the tree was brought up
  std::shared_ptr<file_notes> files = std::make_shared<file_notes>(); ///< what a thread has found out about them
  std::shared_ptr<const reading> read = {};                           ///< by a thread, for the trees that were up then
  store::request_mark asked = {};
};
/// Do what a former daemon was in the middle of.
struct finish_change {
  std::string tree;
  store::change_under_way what;
  std::string noted = {}; ///< it had not begun, and waits under this key until it does
};
struct scaled_tree;
/// Let a service have this many instances.
struct scale_service {
  std::string tree;
  std::string name;
  unsigned instances = 1;
  bool at_any_price = false; ///< also when it stops what runs, or when the instances are in each other's way
  std::shared_ptr<const scaled_tree> read = {}; ///< by a thread, for the tree that was up then
  std::string noted = {};                       ///< as of finish_change
  store::request_mark asked = {};
};
/// Start the children of this configuration under a supervisor that is up.
struct add_children {
  std::string tree;
  std::string supervisor;
  wire::config_request source;
  std::shared_ptr<configuration> read = {}; ///< as of bring_up
};
/// Stop all trees, then the daemon.
struct shut_down {
  std::string why; ///< "on request", "on SIGTERM"
};

/// Something somebody wants done. `done` is called once, on the loop thread, when it is.
struct wish {
  std::variant<bring_up, take_down, act_on_node, apply_config, finish_change, scale_service, add_children, shut_down>
      what;
  std::function<void(const wire::operation_result&)> done;
};

/// Which children has this supervisor (a node's id)? `told` is called once, on the loop thread; null: it is down.
struct children_wish {
  node_id supervisor;
  std::function<void(const children_answer*)> told;
};

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::wish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::children_wish)
