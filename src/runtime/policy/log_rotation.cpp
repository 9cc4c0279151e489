#include "runtime/policy/log_rotation.hpp"

#include <algorithm>
#include <map>

namespace alder::policy {

std::optional<log_time> period_end(log_time began, std::chrono::milliseconds every, std::chrono::seconds utc_offset) {
  if (every.count() <= 0) return std::nullopt;
  const auto local = (began + utc_offset).time_since_epoch().count();
  const auto length = every.count();
  const auto periods = local >= 0 ? local / length : (local - length + 1) / length;
  return log_time{std::chrono::milliseconds{(periods + 1) * length}} - utc_offset;
}

rotation_step next_portion(std::string_view bytes, const log_file_state& file, std::uint64_t max_size) {
  const auto first_line = [&] {
    const auto end = bytes.find('\n');
    return end == std::string_view::npos ? bytes.size() : end + 1;
  };
  const bool is_full = max_size > 0 && file.size >= max_size;
  if (file.in_line && (is_full || file.is_over)) return {false, first_line()};
  const bool rotate = !file.in_line && file.size > 0 && (is_full || file.is_over);
  if (max_size == 0) return {rotate, bytes.size()};
  const auto size = rotate ? 0 : file.size;
  const auto room = max_size - std::min(size, max_size);
  if (bytes.size() <= room) return {rotate, bytes.size()};
  const auto last_end = room == 0 ? std::string_view::npos : bytes.rfind('\n', static_cast<std::size_t>(room) - 1);
  if (last_end != std::string_view::npos) return {rotate, last_end + 1};
  if (size == 0 || file.in_line) return {rotate, first_line()}; // a line longer than a file is kept whole
  // The first line does not fit any more: the rest of the file stays empty.
  auto step = next_portion(bytes, {}, max_size);
  step.rotate = true;
  return step;
}

std::vector<std::string> surplus_of_service(const std::vector<archived_file>& archives, const log_spec& rules,
                                            std::size_t live_files, log_time now) {
  std::map<std::string, std::size_t> left;
  std::uint64_t bytes = 0;
  for (const auto& file : archives) {
    ++left[file.live];
    bytes += file.size;
  }
  const auto reserved = rules.max_size * live_files;
  const auto allowed = rules.max_total > reserved ? rules.max_total - reserved : 0;
  std::vector<std::string> surplus;
  for (const auto& file : archives) {
    const bool is_beyond = left[file.live] > rules.max_files;
    const bool is_old = rules.max_age.count() > 0 && now - file.rotated > rules.max_age;
    const bool is_too_much = rules.max_total > 0 && bytes > allowed;
    if (!is_beyond && !is_old && !is_too_much) continue;
    --left[file.live];
    bytes -= file.size;
    surplus.push_back(file.name);
  }
  return surplus;
}

std::vector<std::string> oldest_of(const std::vector<archived_file>& archives, std::uint64_t bytes) {
  std::vector<std::string> oldest;
  std::uint64_t sum = 0;
  for (const auto& file : archives) {
    if (sum >= bytes) break;
    sum += file.size;
    oldest.push_back(file.name);
  }
  return oldest;
}

} // namespace alder::policy
