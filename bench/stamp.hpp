// What a started process says about itself, in one atomic write to a FIFO.
#pragma once

#include <cstdint>

namespace alder::bench {

struct stamp {
  std::int64_t at_ns = 0; ///< CLOCK_MONOTONIC
  std::int32_t pid = 0;
  std::int32_t unused = 0;
};

} // namespace alder::bench
