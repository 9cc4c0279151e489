// Parts of a service's specification in a few words, as `describe` shows them.
#pragma once

#include "alder/spec.hpp"

#include <string>

namespace alder::wire {

/// "tcp 127.0.0.1:6400 within 10s"; "as soon as it runs" without a check.
[[nodiscard]] std::string ready_text(const ready_spec& ready);
/// "SIGTERM, SIGKILL after 10s".
[[nodiscard]] std::string stop_text(const stop_spec& stop);
/// "100ms to 30s, factor 2"; "none".
[[nodiscard]] std::string backoff_text(const backoff& delay);

} // namespace alder::wire
