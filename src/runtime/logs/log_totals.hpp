// What the log pump has done so far, for whoever asks: all of it, and of each stream.
#pragma once

#include "runtime/logs/log_pump.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace alder::logs {

/// The pump's thread counts, any thread asks.
class log_totals {
public:
  /// What a file of this stream has done by now, and had done when this was called for it before.
  void add(stream_id stream, const log_tally& now, const log_tally& before);
  void note_chunk() { chunks_.fetch_add(1, std::memory_order_relaxed); }
  void note_wakeup() { wakeups_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] log_pump_counters counters() const;
  [[nodiscard]] log_tally of(stream_id stream) const;

private:
  std::atomic<std::uint64_t> bytes_written_{0};
  std::atomic<std::uint64_t> bytes_lost_{0};
  std::atomic<std::uint64_t> lines_lost_{0};
  std::atomic<std::uint64_t> chunks_{0};
  std::atomic<std::uint64_t> wakeups_{0};
  mutable std::mutex mutex_;
  std::unordered_map<stream_id, log_tally> tallies_; ///< of streams that have something to tell
};

} // namespace alder::logs
