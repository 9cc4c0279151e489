// When a foreground run is over, and with which result. Pure.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/exit_code.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace alder::cli {

struct run_result {
  exit_code code = exit_code::ok; ///< or that of a service, which may be any from 0 to 255
  std::string reason;             ///< for a failure; else empty
};

/// Nothing while the tree still has something to do. Over: its root failed, stopped or finished, or every service has
/// finished, stopped or failed. A service that was stopped on request is no failure; one that ended by itself with
/// another code than 0, or by another signal than SIGTERM, SIGINT and SIGHUP, is one.
/// The code is that of the service when the tree has only one, as a shell has it: 128 and the signal's number after a
/// death by signal. `from`, if not empty, names the service whose end ends the run and whose code counts.
[[nodiscard]] std::optional<run_result> verdict(const node_view& root, std::string_view from = {});

} // namespace alder::cli
