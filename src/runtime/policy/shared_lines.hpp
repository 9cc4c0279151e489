// Several pipes into one file: whose bytes are written now, so that no line is torn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alder::policy {

/// Whose line has begun in the file and has no end yet.
enum class open_line : std::uint8_t { none, own, foreign };

/// What is seen in a pipe.
struct pipe_sight {
  std::string_view bytes;   ///< not empty
  std::size_t waiting = 0;  ///< in the pipe, also what is not seen yet
  std::size_t capacity = 0; ///< of the pipe
  bool is_last = false;     ///< its process is gone: nothing follows
};

/// How many of the bytes go to the file now: whole lines. 0: they wait in the pipe, for the rest of their line or for
/// the end of another writer's line. A line of 16 KiB, or one that fills a quarter of the pipe, is written in parts, so
/// that its writer is not blocked.
[[nodiscard]] std::size_t shared_portion(const pipe_sight& seen, open_line line);

} // namespace alder::policy
