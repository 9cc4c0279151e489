#include "runtime/policy/start_terms.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;
using why = cause::kind;

cause because(why what) { return {what, {}, {}, {}}; }

service_spec scheduled_task() {
  service_spec spec;
  spec.task = true;
  spec.schedule.cron = cron_expression{};
  return spec;
}

TEST(StartTerms, OnDemandIsWhatSomebodyOrSomethingAsksFor) {
  for (const auto what : {why::request, why::schedule, why::file_change})
    EXPECT_TRUE(is_on_demand(because(what)));
  for (const auto what : {why::tree_start, why::own_exit, why::sibling_exit, why::failed_attempt})
    EXPECT_FALSE(is_on_demand(because(what)));
}

TEST(StartTerms, ATaskWithAScheduleWaitsForItUnlessSomebodyAsks) {
  EXPECT_EQ(idle_because(scheduled_task(), because(why::tree_start), false), "waits for its schedule");
  EXPECT_EQ(idle_because(scheduled_task(), because(why::own_exit), true), "waits for its schedule");
  EXPECT_EQ(idle_because(scheduled_task(), because(why::request), false), std::nullopt);
}

TEST(StartTerms, WithoutAutostartItFollowsItsGroupOnlyIfItWasUp) {
  service_spec spec;
  EXPECT_EQ(idle_because(spec, because(why::tree_start), false), std::nullopt);
  spec.autostart = false;
  EXPECT_EQ(idle_because(spec, because(why::tree_start), true), "started only on request (autostart: false)");
  EXPECT_EQ(idle_because(spec, because(why::sibling_exit), false), "started only on request (autostart: false)");
  EXPECT_EQ(idle_because(spec, because(why::sibling_exit), true), std::nullopt);
  EXPECT_EQ(idle_because(spec, because(why::own_exit), false), std::nullopt);
}

TEST(StartTerms, AStartWaitsForACheckOrForTheEndOfATask) {
  service_spec spec;
  EXPECT_FALSE(awaits_more(spec, false));
  spec.ready.check = ready_log{"up"};
  EXPECT_TRUE(awaits_more(spec, false));
  EXPECT_TRUE(awaits_more(spec, true)) << "whoever asks for it";
  spec.task = true;
  EXPECT_TRUE(awaits_more(spec, false));
  EXPECT_FALSE(awaits_more(spec, true));
}

TEST(StartTerms, TheTimeLeftIsThatOfTheCheckOrTheTask) {
  const wall_time since{100s};
  service_spec spec;
  spec.ready.check = ready_tcp{};
  EXPECT_EQ(time_left(spec, since, {}, since + 10s), 20s);
  EXPECT_EQ(time_left(spec, since, {}, since + 40s), 0ms) << "none is left";
  EXPECT_EQ(time_left(spec, since, {}, since - 1h), 30s) << "never more than there was";
  spec.ready.check = ready_after{5s};
  EXPECT_EQ(time_left(spec, since, {}, since + 1s), 4s);
  spec.task = true;
  EXPECT_EQ(time_left(spec, since, {}, since + 1s), std::nullopt) << "it may take for ever";
  spec.task_timeout = 60s;
  EXPECT_EQ(time_left(spec, since, {}, since + 1s), 59s);
}

TEST(StartTerms, WhatItAskedForExtendsItsTimeWithinReason) {
  const wall_time since{100s};
  service_spec spec;
  spec.ready.check = ready_notify{};
  EXPECT_EQ(time_left(spec, since, since + 90s, since + 10s), 80s);
  EXPECT_EQ(time_left(spec, since, since + 1s, since + 10s), 20s) << "it never leaves less";
  EXPECT_EQ(time_left(spec, since, since + 1000h, since), longest_extension);
}

TEST(StartTerms, OnlyTheChannelThatIsWaitedForCounts) {
  using over = ready_channel;
  EXPECT_TRUE(counts_as_ready(ready_notify{}, over::notify));
  EXPECT_FALSE(counts_as_ready(ready_notify{}, over::ipc));
  EXPECT_TRUE(counts_as_ready(ready_message{}, over::ipc));
  EXPECT_FALSE(counts_as_ready(ready_message{}, over::notify));
  EXPECT_TRUE(counts_as_ready(ready_log{"up"}, over::log));
  EXPECT_TRUE(counts_as_ready(ready_descriptor{3}, over::descriptor));
  EXPECT_TRUE(counts_as_ready(ready_descriptor{3}, over::notify)) << "it says so, whatever the way";
  for (const auto channel : {over::notify, over::ipc, over::descriptor, over::log}) {
    EXPECT_FALSE(counts_as_ready(check_spec{}, channel));
    EXPECT_FALSE(counts_as_ready(ready_tcp{}, channel));
    EXPECT_FALSE(counts_as_ready(ready_after{}, channel));
  }
}

} // namespace
} // namespace alder::policy
