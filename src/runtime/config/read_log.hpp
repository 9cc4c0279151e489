// What becomes of a service's output: `log`.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/log_spec.hpp"

#include <vector>

namespace alder::config {

/// `layers`: the values of `log`, outermost first; later ones win key by key. `instances`: how many processes the
/// service has, which must not share a file.
[[nodiscard]] log_spec read_log(context& in, const std::vector<const field*>& layers, const instance_scope& which,
                                unsigned instances);

} // namespace alder::config
