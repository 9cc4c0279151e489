// What the keeper keeps with a process for the next daemon, beside what it knows itself: a short text, "3 waiting
// 81000".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alder::wire {

struct process_note {
  unsigned restarts = 0; ///< automatic ones, its own start included
  enum class phase : std::uint8_t {
    none,
    waiting,  ///< it was not ready yet
    stopping, ///< it asked for more time to stop
  } now = phase::none;
  /// Until when it asked for time, since the boot; none: it did not. Of phases waiting and stopping.
  std::optional<std::chrono::milliseconds> due;

  [[nodiscard]] bool is_waiting() const { return now == phase::waiting; }
  bool operator==(const process_note&) const = default;
};

[[nodiscard]] std::string encode(const process_note& note);
/// Any text may come in, what is not understood counts as nothing.
[[nodiscard]] process_note decode_process_note(std::string_view text);

} // namespace alder::wire
