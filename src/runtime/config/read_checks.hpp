// When a service is ready and what is watched while it runs: `ready`, `health`, `heartbeat`, `limits`.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/spec.hpp"

#include <map>
#include <optional>
#include <string_view>

namespace alder::config {

/// `limits`: what we look at, and what the kernel sees to.
struct limit_terms {
  usage_limits usage;
  cgroup_limits hard;
  std::map<std::string_view, span> where; ///< the values of `hard`, by their keys
};

/// All take a null field (the key is not there) for the default.

[[nodiscard]] ready_spec read_ready(context& in, const field* ready, const instance_scope& which);
[[nodiscard]] std::optional<health_spec> read_health(context& in, const field* health, const instance_scope& which);
[[nodiscard]] std::optional<heartbeat_spec> read_heartbeat(context& in, const field* heartbeat);
[[nodiscard]] limit_terms read_limits(context& in, const field* limits);
[[nodiscard]] restart_limit read_restart_limit(context& in, const field* limit);

} // namespace alder::config
