#include "actors/base/event_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alder::actors {
namespace {

event named(const std::string& name) {
  event e;
  e.name = name;
  return e;
}

TEST(EventFeed, NumbersEventsOnFromThePast) {
  event_feed feed;
  auto past = named("old");
  past.seq = 41;
  feed.restore({past});
  feed.append(named("new"));
  const auto all = feed.after(0, 10);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]->seq, 42u);
  EXPECT_EQ(feed.after(41, 10).size(), 1u);
  EXPECT_EQ(feed.after(0, 1).front()->name, "new");
}

TEST(EventFeed, KeepsTheLastTenThousand) {
  event_feed feed;
  for (std::size_t i = 0; i < event_feed::kept + 5; ++i)
    feed.append(named("e"));
  const auto all = feed.after(0, SIZE_MAX);
  EXPECT_EQ(all.size(), event_feed::kept);
  EXPECT_EQ(all.front()->seq, 6u);
}

TEST(EventFeed, AFollowerMayLeaveWhileItIsTold) {
  event_feed feed;
  int told = 0;
  event_feed::follower_id id = 0;
  id = feed.follow([&](const event_ptr&) {
    ++told;
    feed.unfollow(id);
  });
  feed.append(named("a"));
  feed.append(named("b"));
  EXPECT_EQ(told, 1);
}

} // namespace
} // namespace alder::actors
