#include "actors/base/event_feed.hpp"

#include <algorithm>
#include <utility>

namespace alder::actors {

void event_feed::restore(std::vector<event> past) {
  for (auto& e : past) {
    restored_ = last_seq_ = std::max(last_seq_, e.seq);
    events_.push_back(std::make_shared<const event>(std::move(e)));
  }
  while (events_.size() > kept)
    events_.pop_front();
}

void event_feed::append(event e) {
  e.seq = last_seq_ + 1;
  if (store) store(e);
  last_seq_ = e.seq;
  const auto shared = std::make_shared<const event>(std::move(e));
  events_.push_back(shared);
  if (events_.size() > kept) events_.pop_front();
  const auto followers = followers_; // one of them may leave while it is told
  for (const auto& [id, tell] : followers) {
    if (followers_.count(id) > 0) tell(shared);
  }
}

std::vector<event_ptr> event_feed::after(std::uint64_t seq, std::size_t limit) const {
  auto first = std::upper_bound(events_.begin(), events_.end(), seq,
                                [](std::uint64_t s, const event_ptr& e) { return s < e->seq; });
  const auto count = static_cast<std::size_t>(events_.end() - first);
  if (count > limit) first = events_.end() - static_cast<std::ptrdiff_t>(limit);
  return {first, events_.end()};
}

event_feed::place event_feed::known_before(std::uint64_t seq) const {
  if (seq > last_seq_) seq = restored_;
  const auto first = events_.empty() ? last_seq_ + 1 : events_.front()->seq;
  return {seq, first > seq + 1 ? first - seq - 1 : 0};
}

event_feed::follower_id event_feed::follow(std::function<void(const event_ptr&)> tell) {
  followers_[++last_follower_] = std::move(tell);
  return last_follower_;
}

} // namespace alder::actors
