// What alderd is started with. The keeper starts it; people do not.
#pragma once

#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

namespace alder::daemon {

struct options {
  os::locations home;
  int keeper_fd = -1; ///< the channel to the keeper, from ALDER_KEEPER_FD
};

/// Errors (invalid_input): not started by a keeper, an unknown argument.
[[nodiscard]] result<options> parse_options(int argc, char** argv);

} // namespace alder::daemon
