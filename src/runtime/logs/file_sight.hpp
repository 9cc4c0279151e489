// As much of a file as somebody has seen.
#pragma once

#include <cstdint>

namespace alder::logs {

struct file_sight {
  std::uint64_t inode = 0; ///< 0: there is none
  std::uint64_t size = 0;  ///< bytes
  bool operator==(const file_sight&) const = default;
};

} // namespace alder::logs
