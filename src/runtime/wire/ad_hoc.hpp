// A service started from the command line, as the configuration of a tree of its own.
#pragma once

#include "runtime/wire/request_json.hpp"

#include <string>
#include <string_view>

namespace alder::wire {

/// The tree an ad-hoc service lives in: "adhoc.NAME".
[[nodiscard]] std::string ad_hoc_tree(const std::string& service);

/// The configuration (JSON) of that tree: one service, restarted with a growing delay, given up when it cannot stay up.
[[nodiscard]] std::string ad_hoc_config(const service_request& request);

/// How the name of a file with such a configuration ends: it is JSON, or YAML when there are bytes in it that JSON
/// cannot carry.
[[nodiscard]] std::string ad_hoc_ending(std::string_view configuration);

} // namespace alder::wire
