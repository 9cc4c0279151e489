#include "runtime/policy/line_rate.hpp"

#include <algorithm>

namespace alder::policy {
namespace {

constexpr std::chrono::minutes between_reports{1};

} // namespace

rate_step line_rate::next(std::string_view bytes, const log_spec& rules, bool in_line, time_point now) {
  const double rate = rules.max_rate;
  const auto passed = std::chrono::duration<double>(now - counted_at_).count();
  lines_ = std::min(rate, lines_ + passed * rate);
  counted_at_ = now;
  if (const auto size = take(bytes, in_line); size > 0) return {.write = size};
  if (rules.pressure == log_pressure::block) {
    // Not for every single line: a tenth of a second's at once.
    const auto enough = std::chrono::duration<double>(std::max(1.0, rate / 10) / rate);
    return {.wait = std::chrono::duration_cast<std::chrono::nanoseconds>(enough)};
  }
  const bool tell = !told_at_ || now - *told_at_ > between_reports;
  if (tell) told_at_ = now;
  return {.drop = bytes.size(), .tell = tell};
}

/// How many of the bytes may be written; their lines are counted.
std::size_t line_rate::take(std::string_view bytes, bool in_line) {
  std::size_t size = 0;
  while (size < bytes.size() && (lines_ >= 1 || in_line)) {
    const auto end = bytes.find('\n', size);
    if (end == std::string_view::npos) return bytes.size();
    if (!in_line) lines_ -= 1;
    in_line = false;
    size = end + 1;
  }
  return size;
}

} // namespace alder::policy
