#include "runtime/policy/reading_pace.hpp"

#include <algorithm>

namespace alder::policy {
namespace {

constexpr std::chrono::microseconds shortest{50};
constexpr int silence = 10; // times the usual delay

} // namespace

bool reading_pace::lets_fill(const pipe_fill& pipe, time_point now, time_point until) const {
  const bool was_silent = now - read_at_ > usual_ * silence;
  return !pipe.is_over && !was_silent && pipe.queued < pipe.capacity / 4 && now < until;
}

bool reading_pace::note_read(const pipe_fill& pipe, time_point now) {
  read_at_ = now;
  if (pipe.queued < pipe.capacity / 4) delay_ = std::min(usual_, delay_ * 2);
  return pipe.queued >= pipe.capacity / 4 * 3;
}

void reading_pace::read_sooner() { delay_ = std::max(std::min(shortest, usual_), delay_ / 2); }

} // namespace alder::policy
