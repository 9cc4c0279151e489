// Events and states as English sentences for people; every kind of event has one.
#pragma once

#include "alder/event.hpp"
#include "alder/snapshot.hpp"

#include <string>

namespace alder::wire {

/// The whole event as one sentence without a full stop: "api:0 will be restarted in 3.2s because it was killed by
/// SIGSEGV".
[[nodiscard]] std::string sentence(const event& e);

/// Why a node is in its state, for `node_snapshot::reason`: "restarted because sibling cache exited with code 1
/// (rest_for_one)", "stopped on request". `name` is the node's own.
[[nodiscard]] std::string state_reason(node_state state, const std::string& name, const cause& why);

} // namespace alder::wire
