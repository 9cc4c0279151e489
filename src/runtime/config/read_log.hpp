// How a service's output is logged: `log`.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/log_spec.hpp"

#include <string>
#include <vector>

namespace alder::config {

/// `layers`: the values of `log`, outermost first; later ones win key by key. `instances`: how many processes the
/// service has, which share files only when they are to; `service`: its name.
[[nodiscard]] log_spec read_log(context& in, const std::vector<const field*>& layers, const instance_scope& which,
                                unsigned instances, const std::string& service);

} // namespace alder::config
