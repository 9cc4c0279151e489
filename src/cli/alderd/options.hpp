// What alderd is started with. The keeper starts it; people do not.
#pragma once

#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

namespace alder::daemon {

struct options {
  os::locations home;
  bool foreground = false; ///< a run in the foreground: it ends with its keeper
  bool resurrect = false;  ///< under a new keeper the trees that were up come up again
  int keeper_fd = -1;      ///< the channel to the keeper, from ALDER_KEEPER_FD
};

/// Errors (invalid_input): not started by a keeper, an unknown argument.
[[nodiscard]] result<options> parse_options(int argc, char** argv);

} // namespace alder::daemon
