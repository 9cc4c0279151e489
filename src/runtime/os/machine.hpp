// Looks at this machine and at what this process may do on it.
#pragma once

#include "alder/machine.hpp"

namespace alder::os {

/// What a configuration is checked against. The lookups ask the user database when they are called, which may block.
[[nodiscard]] machine this_machine();

} // namespace alder::os
