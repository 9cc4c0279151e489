#include "runtime/policy/reading_pace.hpp"

#include <algorithm>

namespace alder::policy {
namespace {

constexpr std::chrono::microseconds shortest{50};
constexpr int soon = 2;      // times the usual delay
constexpr int most_soon = 8; // reads; a few lines together are no flood

} // namespace

bool reading_pace::lets_fill(const pipe_fill& pipe, time_point now, time_point until) const {
  const bool is_flooding = in_a_row_ == most_soon && now - read_at_ < usual_ * soon;
  return !pipe.is_over && is_flooding && pipe.queued < pipe.capacity / 4 && now < until;
}

bool reading_pace::note_read(const pipe_fill& pipe, time_point now) {
  in_a_row_ = now - read_at_ < usual_ * soon ? std::min(in_a_row_ + 1, most_soon) : 0;
  read_at_ = now;
  if (pipe.queued < pipe.capacity / 4) delay_ = std::min(usual_, delay_ * 2);
  return pipe.queued >= pipe.capacity / 4 * 3;
}

void reading_pace::read_sooner() { delay_ = std::max(std::min(shortest, usual_), delay_ / 2); }

} // namespace alder::policy
