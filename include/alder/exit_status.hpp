// How a process ended.
#pragma once

#include <cstdint>

namespace alder {

/// `exited`: by returning or calling exit, `value` is the exit code (0 to 255).
/// `signaled`: by a signal, `value` is its number. `unknown`: it is gone and nobody saw how.
struct exit_status {
  enum class how : std::uint8_t { exited, signaled, unknown };
  how kind = how::unknown;
  int value = 0;

  static constexpr exit_status code(int c) { return {how::exited, c}; }
  static constexpr exit_status signal(int s) { return {how::signaled, s}; }

  bool operator==(const exit_status&) const = default;
};

} // namespace alder
