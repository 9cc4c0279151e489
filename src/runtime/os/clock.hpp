// The time that people read off the wall, and the time that passes.
#pragma once

#include "alder/event.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace alder::os {

/// It may be set, and then jumps: for moments that people read, not for durations.
[[nodiscard]] inline wall_time wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// The same as Unix time in milliseconds.
[[nodiscard]] inline std::int64_t unix_ms_now() { return wall_now().time_since_epoch().count(); }

/// The clock of timers: it begins anywhere, stands still while the machine sleeps, and nobody sets it.
[[nodiscard]] inline std::chrono::steady_clock::time_point timer_now() { return std::chrono::steady_clock::now(); }

/// Since the machine was booted, sleep included. Nobody can set it, and all processes share it.
[[nodiscard]] std::chrono::milliseconds since_boot();

/// When the machine was booted by the wall clock as it was when this process first asked.
[[nodiscard]] wall_time boot_moment();

/// What the wall clock would show if nobody had set it since this process first asked: for durations between moments
/// that people read too. It differs from the wall clock by how far that was set meanwhile.
[[nodiscard]] inline wall_time steady_now() { return boot_moment() + since_boot(); }

/// Names this start of the machine and no other; empty when the kernel does not say.
[[nodiscard]] std::string boot_id();

} // namespace alder::os
