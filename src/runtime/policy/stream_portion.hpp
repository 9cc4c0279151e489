// How much of a log a follower is given at once.
#pragma once

#include <algorithm>
#include <cstddef>

namespace alder::policy {

/// Bytes for each of `streams`. What a slow reader has not taken yet is in memory, so where there are many of them each
/// gets less: 16 MiB for all together, 4 to 32 KiB for one.
[[nodiscard]] constexpr std::size_t stream_portion(std::size_t streams) {
  constexpr std::size_t all = std::size_t{16} * 1024 * 1024;
  constexpr std::size_t smallest = std::size_t{4} * 1024;
  constexpr std::size_t largest = std::size_t{32} * 1024;
  return std::clamp(all / std::max<std::size_t>(streams, 1), smallest, largest);
}

} // namespace alder::policy
