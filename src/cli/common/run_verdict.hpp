// When a foreground run is over, and with which result. Pure.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/exit_code.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace alder::cli {

struct run_result {
  exit_code code = exit_code::ok; ///< or the exit code of a service, from 0 to 255
  std::string reason;             ///< for a failure; else empty
};

/// Nothing while the tree still has something to do. The run is over when the root has failed, stopped or finished, or
/// every service has. A service that was stopped on request is not a failure; one that ended by itself is, if its code
/// is not 0 or its signal is not SIGTERM, SIGINT or SIGHUP.
/// If the tree has only one service, the code is the one a shell would report for it: 128 plus the signal number after
/// a death by signal. `from`, if not empty, names the service whose end ends the run and whose code counts.
[[nodiscard]] std::optional<run_result> verdict(const node_view& root, std::string_view from = {});

} // namespace alder::cli
