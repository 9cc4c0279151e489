// Here, because the virtual daemon is made of what is on this floor.
#include "actors/base/event_bus.hpp"

#include "tests/actors/support/virtual_daemon.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventBus : public virtual_daemon {
protected:
  void announce(const std::string& name) {
    shared.announce({.kind = event_kind::warning, .tree = "shop", .name = name});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& e : feed.after(0, event_feed::kept))
      all.push_back(e->name);
    return all;
  }
};

TEST_F(EventBus, WhoAnnouncesDoesNotWaitForThoseWhoListen) {
  announce("web");
  EXPECT_THAT(names(), IsEmpty());
  run();
  EXPECT_THAT(names(), ElementsAre("web"));
}

TEST_F(EventBus, AnEventHasTheTimeAtWhichItWasAnnounced) {
  const auto announced = shared.wall_now();
  announce("web");
  scheduler.clock().current_time += 1h; // before the bus comes to it
  run();
  EXPECT_EQ(feed.after(0, 1).at(0)->at, announced);
}

TEST_F(EventBus, WhatIsToFollowEventsFollowsThoseAnnouncedBefore) {
  std::vector<std::string> before;
  announce("web");
  caf::anon_send(shared.events, after_events{[&] { before = names(); }});
  announce("db");
  run();
  EXPECT_THAT(before, ElementsAre("web"));
  EXPECT_THAT(names(), ElementsAre("web", "db"));
}

TEST_F(EventBus, ItsSuccessorTakesItsPlace) {
  const auto next = system.spawn<event_bus>(shared, feed, parent_actor{parent});
  caf::anon_send(next, start_order{2, {}, false, 0});
  run();
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(shared.events.address(), next.address());
  announce("web");
  run();
  EXPECT_THAT(names(), ElementsAre("web")) << "once";
}

TEST_F(EventBus, WithoutABusNobodyIsTold) {
  shared.events = nullptr;
  announce("web");
  run();
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(EventBus, ItEndsWhenItIsStopped) {
  caf::anon_send(shared.events, stop_order{});
  run();
  ASSERT_EQ(heard.ends.size(), 1u);
}

} // namespace
} // namespace alder::actors::testing
