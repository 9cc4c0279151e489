// Looks at this machine and at what this process may do on it.
#pragma once

#include "alder/machine.hpp"

namespace alder::os {

/// What a configuration is checked against. `keeper`: where services are started; 0: one that this process would start.
/// The lookups ask the user database when they are called, which may block.
[[nodiscard]] machine this_machine(int keeper = 0);

} // namespace alder::os
