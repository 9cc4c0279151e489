#include "runtime/logs/log_totals.hpp"

namespace alder::logs {

void log_totals::add(stream_id stream, const log_tally& now, const log_tally& before) {
  const auto written = now.bytes_written - before.bytes_written;
  const auto lost = now.bytes_lost - before.bytes_lost;
  const auto lines = now.lines_lost - before.lines_lost;
  bytes_written_.fetch_add(written, std::memory_order_relaxed);
  bytes_lost_.fetch_add(lost, std::memory_order_relaxed);
  lines_lost_.fetch_add(lines, std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  auto& total = tallies_[stream];
  total.bytes_written += written;
  total.bytes_lost += lost;
  total.lines_lost += lines;
  total.rotations += now.rotations - before.rotations;
  total.spilled = now.spilled;
}

log_pump_counters log_totals::counters() const {
  return {.bytes_written = bytes_written_,
          .bytes_lost = bytes_lost_,
          .lines_lost = lines_lost_,
          .chunks = chunks_,
          .wakeups = wakeups_};
}

log_tally log_totals::of(stream_id stream) const {
  const std::lock_guard lock{mutex_};
  const auto found = tallies_.find(stream);
  return found == tallies_.end() ? log_tally{} : found->second;
}

} // namespace alder::logs
