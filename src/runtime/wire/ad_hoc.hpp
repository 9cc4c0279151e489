// A service started from the command line, as the configuration of a tree of its own.
#pragma once

#include "runtime/wire/json.hpp"

#include <string>

namespace alder::wire {

/// The tree an ad-hoc service lives in: "adhoc.NAME".
[[nodiscard]] std::string ad_hoc_tree(const std::string& service);

/// The configuration (JSON) of that tree: one service, restarted with a growing delay, given up when it cannot stay up.
[[nodiscard]] std::string ad_hoc_config(const service_request& request);

} // namespace alder::wire
