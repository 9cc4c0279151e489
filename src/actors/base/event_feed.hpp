// The daemon's recent events and those who follow them. Loop thread only; the event bus is its one writer.
#pragma once

#include "alder/event.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace alder::actors {

using event_ptr = std::shared_ptr<const event>;

class event_feed {
public:
  static constexpr std::size_t kept = 10'000; ///< older events are in the event log only

  /// Fills the feed with what a former daemon announced, oldest first.
  void restore(std::vector<event> past);
  /// Numbers the event and tells everybody.
  void append(event e);

  /// Events after `seq`, oldest first, at most the last `limit` of them.
  [[nodiscard]] std::vector<event_ptr> after(std::uint64_t seq, std::size_t limit) const;

  /// Where somebody goes on who knows the events up to `seq`, and how many he has missed because they are not kept any
  /// more. A number that no event has yet is of a numbering that was lost: he has seen none of those since our start.
  struct place {
    std::uint64_t seq = 0;
    std::uint64_t missed = 0;
  };
  [[nodiscard]] place known_before(std::uint64_t seq) const;

  /// The number of the last one.
  [[nodiscard]] std::uint64_t last() const { return last_seq_; }

  using follower_id = std::uint64_t;
  follower_id follow(std::function<void(const event_ptr&)> tell);
  void unfollow(follower_id id) { followers_.erase(id); }

  /// Where events are made to last; called for each, in order. May give the event a higher number.
  std::function<void(event&)> store;

private:
  std::deque<event_ptr> events_;
  std::uint64_t last_seq_ = 0;
  std::uint64_t restored_ = 0; ///< the last of a former daemon
  std::map<follower_id, std::function<void(const event_ptr&)>> followers_;
  follower_id last_follower_ = 0;
};

} // namespace alder::actors
