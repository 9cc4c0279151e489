// When a foreground run is over, and with which result. Pure.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/exit_code.hpp"

#include <optional>
#include <string>

namespace alder::cli {

struct run_result {
  exit_code code = exit_code::ok;
  std::string reason; ///< for a failure; else empty
};

/// Nothing while the tree still has something to do. Over: its root failed, stopped or finished, or every service has
/// finished, stopped or failed. A service that was stopped on request is no failure; one that ended by itself with
/// another code than 0, or by another signal than SIGTERM, SIGINT and SIGHUP, is one.
[[nodiscard]] std::optional<run_result> verdict(const node_view& root);

} // namespace alder::cli
