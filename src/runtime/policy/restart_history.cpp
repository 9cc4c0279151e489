#include "runtime/policy/restart_history.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace alder::policy {

restart_history::restart_history(std::vector<time_point> oldest_first)
    : stamps_(std::make_shared<std::vector<time_point>>(std::move(oldest_first))), end_(stamps_->size()) {}

void restart_history::add(time_point now, std::chrono::milliseconds within) {
  const auto at = [this](std::size_t place) { return stamps_->begin() + static_cast<std::ptrdiff_t>(place); };
  if (!empty())
    begin_ = static_cast<std::size_t>(
        std::partition_point(at(begin_), at(end_), [&](time_point stamp) { return now - stamp > within; }) -
        stamps_->begin());
  const bool mostly_dropped = begin_ > size();
  if (stamps_ == nullptr || end_ != stamps_->size() || mostly_dropped) {
    *this =
        restart_history{stamps_ == nullptr ? std::vector<time_point>{} : std::vector<time_point>{at(begin_), at(end_)}};
  }
  stamps_->push_back(now);
  ++end_;
}

std::vector<time_point> restart_history::newest_first(std::size_t most) const {
  std::vector<time_point> all;
  const std::size_t told = std::min(size(), most);
  all.reserve(told);
  for (std::size_t place = end_; place > end_ - told; --place)
    all.push_back((*stamps_)[place - 1]);
  return all;
}

} // namespace alder::policy
