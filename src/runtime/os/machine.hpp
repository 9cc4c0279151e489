// Looks at this machine and at what this process may do on it.
#pragma once

#include "alder/machine.hpp"

#include <optional>
#include <string>

namespace alder::os {

/// What a configuration is checked against. `keeper`: where services are started; 0: one that this process would start.
/// The lookups ask the user database when they are called, which may block.
[[nodiscard]] machine this_machine(int keeper = 0);

/// Why a service cannot be given a pseudo-terminal; nothing when it can. Descriptors or terminals that have run out are
/// no reason: there may be some when it starts.
[[nodiscard]] std::optional<machine_trouble> terminal_trouble();

/// Whether something is mounted at `path`, a root that was changed (chroot) included; true when the kernel does not say
/// (before 5.8), or there is no such path.
[[nodiscard]] bool is_mount_point(const std::string& path);

} // namespace alder::os
