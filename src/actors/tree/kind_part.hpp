// A child that is an actor of the daemon's own: the event bus, a log writer, the actor of an extension. It begins anew
// whenever it starts, and nothing is left of it when the daemon is gone.
#pragma once

#include "actors/tree/child_kind.hpp"

#include <functional>
#include <string>

namespace alder::actors {

/// Called at every start; the actor must answer `start_order`.
using part_maker = std::function<child_actor(caf::scheduled_actor* host, const parent_actor& parent)>;

/// A permanent child. `between_starts`: how long it waits for its next start when it has ended.
[[nodiscard]] child_entry entry_of_part(std::string name, part_maker make, const backoff& between_starts = {});

} // namespace alder::actors
