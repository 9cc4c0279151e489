// A child that is a supervisor of the user's. Its actor ends with the daemon, and what runs below it does not: it is
// the same supervisor as before when it remembers that it was up, whatever there is of its children.
#pragma once

#include "actors/tree/child_kind.hpp"

namespace alder::actors {

[[nodiscard]] child_entry entry_of_supervisor(const supervisor_ptr& spec);

} // namespace alder::actors
