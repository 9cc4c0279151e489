// A child that runs a program. The keeper holds the program, so it outlives its actor, its supervisor and the daemon:
// each of those takes over what there is, and generations are never used twice.
#pragma once

#include "actors/tree/child_kind.hpp"

namespace alder::actors {

[[nodiscard]] child_entry entry_of_service(const service_ptr& spec);

} // namespace alder::actors
