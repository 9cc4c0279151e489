// The time that people read off the wall.
#pragma once

#include "alder/event.hpp"

#include <chrono>

namespace alder::os {

/// It may be set, and then jumps.
[[nodiscard]] inline wall_time wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace alder::os
