// Which changes of files count for a watch.
#pragma once

#include "alder/spec.hpp"

#include <string_view>

namespace alder::policy {

/// Whether `path` (absolute) is one of the watched paths or below one, and not ignored.
[[nodiscard]] bool is_watched(const watch_spec& watch, std::string_view path);

} // namespace alder::policy
