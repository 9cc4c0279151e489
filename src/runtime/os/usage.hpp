// What processes use, from /proc.
#pragma once

#include "runtime/os/proc.hpp"

#include <chrono>
#include <cstdint>
#include <span>

namespace alder::os {

struct process_usage {
  std::uint64_t memory = 0;              ///< bytes, resident; shared pages count in each process
  std::uint64_t proportional_memory = 0; ///< bytes, shared pages divided (PSS); only of `exact`
  std::chrono::milliseconds cpu_time{0}; ///< user and system, of processes that live
  unsigned processes = 0;
  unsigned threads = 0;
  unsigned descriptors = 0; ///< open files; only of `exact`
};

enum class detail : std::uint8_t { quick, exact };

/// Of these processes together. `exact` adds PSS and descriptors, for which the kernel walks their memory; those of one
/// that is gone meanwhile count as nothing.
[[nodiscard]] process_usage usage_of(std::span<const process_stat> processes, detail how = detail::quick);

} // namespace alder::os
