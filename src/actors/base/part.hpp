// The answers that a part of the daemon, as an actor under a supervisor, gives to its orders.
#pragma once

#include "actors/base/messages.hpp"

#include <string>

namespace alder::actors {

inline child_started part_started(const std::string& name, alder::generation generation) {
  return {{name, generation, policy::start_result::how::ok, {}}};
}

inline child_ended part_ended(const std::string& name, alder::generation generation) {
  return {{name, generation, {exit_reason::kind::shutdown, {}, "was asked to stop"}}};
}

} // namespace alder::actors
