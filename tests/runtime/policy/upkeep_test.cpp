#include "runtime/policy/upkeep.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;
using op = upkeep_wish::op;
using state = node_state;

/// At second 0 of every tenth minute, in UTC.
cron_expression each_ten_minutes() {
  cron_expression when;
  when.seconds.set(0);
  for (std::size_t minute = 0; minute < 60; minute += 10)
    when.minutes.set(minute);
  when.hours.set();
  when.days.set();
  when.months.set();
  when.weekdays.set();
  when.any_day = when.any_weekday = true;
  when.text = "*/10 * * * *";
  return when;
}

service_spec timed(bool task) {
  service_spec spec;
  spec.task = task;
  spec.schedule.cron = each_ten_minutes();
  return spec;
}

service_spec aging(milliseconds age, double jitter = 0) {
  service_spec spec;
  spec.schedule.max_age = age;
  spec.schedule.jitter = jitter;
  return spec;
}

node_snapshot node_in(state now, bool settled = false) {
  node_snapshot node;
  node.state = now;
  node.settled = settled;
  node.generation = 1;
  return node;
}

upkeep::moment at(milliseconds time) { return {wall_time{time}, wall_time{time}}; }

upkeep of(const service_spec& spec, double chance = 0.5) {
  return upkeep{spec, [chance] { return chance; }};
}

/// What is wanted when the time of a schedule has come.
std::string when_it_comes(bool task, const node_snapshot* node) {
  const auto spec = timed(task);
  auto kept = of(spec);
  kept.plan(wall_time{1min});
  const auto answer = kept.on_clock(at(10min), node);
  EXPECT_TRUE(answer.is_planned);
  EXPECT_EQ(kept.next(), wall_time{20min});
  if (!answer.warning.empty()) return answer.warning;
  if (!answer.wanted) return "nothing";
  EXPECT_EQ(answer.wanted->why.what, cause::kind::schedule);
  EXPECT_EQ(answer.wanted->why.detail, "cron */10 * * * *");
  return answer.wanted->what == op::start ? "start" : "restart";
}
std::string when_it_comes(bool task, const node_snapshot& node) { return when_it_comes(task, &node); }

TEST(Upkeep, ATaskIsRunUnlessItRunsOrSomebodyStoppedIt) {
  const std::string skipped = "is still running at the time of its next run (cron */10 * * * *), which is skipped";
  for (const auto busy : {state::running, state::starting, state::stopping})
    EXPECT_EQ(when_it_comes(true, node_in(busy)), skipped);
  for (const auto down : {state::stopped, state::backoff, state::finished, state::failed})
    EXPECT_EQ(when_it_comes(true, node_in(down)), "start");
  EXPECT_EQ(when_it_comes(true, node_in(state::stopped, /*settled=*/true)), "nothing");
  EXPECT_EQ(when_it_comes(true, nullptr), "nothing");
}

TEST(Upkeep, AnotherServiceIsRestartedIfItRuns) {
  EXPECT_EQ(when_it_comes(false, node_in(state::running)), "restart");
  for (const auto other :
       {state::stopped, state::starting, state::stopping, state::backoff, state::finished, state::failed})
    EXPECT_EQ(when_it_comes(false, node_in(other)), "nothing");
}

TEST(Upkeep, BeforeItsTimeNothingIsWanted) {
  const auto spec = timed(true);
  const auto node = node_in(state::stopped);
  auto kept = of(spec);
  kept.plan(wall_time{9min});
  EXPECT_EQ(kept.time_to_look(at(9min + 30s), &node), 30s);
  EXPECT_EQ(kept.time_to_look(at(0min), &node), 1min) << "the clock may be set";
  EXPECT_EQ(kept.time_to_look(at(11min), &node), 1ms) << "it has come";
  const auto answer = kept.on_clock(at(9min + 59s), &node);
  EXPECT_FALSE(answer.wanted);
  EXPECT_FALSE(answer.is_planned);
}

TEST(Upkeep, AClockThatWasSetBackIsNoticed) {
  const auto spec = timed(true);
  const auto node = node_in(state::stopped);
  auto kept = of(spec);
  kept.plan(wall_time{2h + 1min});
  EXPECT_EQ(kept.next(), wall_time{2h + 10min});
  EXPECT_TRUE(kept.on_clock(at(1min), &node).is_planned);
  EXPECT_EQ(kept.next(), wall_time{10min});
}

TEST(Upkeep, AProcessThatIsTooOldIsReplacedOnce) {
  const auto spec = aging(1h);
  auto node = node_in(state::running);
  node.since = wall_time{10min};
  auto kept = of(spec);
  EXPECT_FALSE(kept.on_clock(at(1h + 9min), &node).wanted);
  EXPECT_EQ(kept.time_to_look(at(1h + 9min + 50s), &node), 10s);
  const auto answer = kept.on_clock(at(1h + 10min), &node);
  ASSERT_TRUE(answer.wanted);
  EXPECT_EQ(answer.wanted->what, op::restart);
  EXPECT_EQ(answer.wanted->why.detail, "max_age 1h");
  EXPECT_FALSE(kept.on_clock(at(1h + 11min), &node).wanted) << "it is being replaced";
  node.generation = 2;
  node.since = wall_time{1h + 11min};
  EXPECT_FALSE(kept.on_clock(at(2h), &node).wanted);
  EXPECT_TRUE(kept.on_clock(at(2h + 11min), &node).wanted) << "the next one gets old, too";
}

TEST(Upkeep, TheAgeLimitIsDrawnOnceForEachProcess) {
  const auto spec = aging(100min, 0.1);
  unsigned drawn = 0;
  upkeep kept{spec, [&drawn] { return ++drawn, 1.0; }};
  auto node = node_in(state::running);
  for (int i = 0; i < 3; ++i)
    (void)kept.on_clock(at(1min), &node);
  EXPECT_EQ(drawn, 1U);
  EXPECT_FALSE(kept.on_clock(at(109min), &node).wanted) << "a tenth was added";
  EXPECT_TRUE(kept.on_clock(at(110min), &node).wanted);
}

TEST(Upkeep, WhatDoesNotRunDoesNotGetOld) {
  const auto spec = aging(1h);
  const auto node = node_in(state::backoff);
  auto kept = of(spec);
  EXPECT_FALSE(kept.on_clock(at(9h), &node).wanted);
  EXPECT_FALSE(kept.on_clock(at(9h), nullptr).wanted);
}

TEST(Upkeep, AChangedFileRestartsWhatRunsAndTriesAgainWhatHasEnded) {
  const auto on = [](state now) {
    const auto node = node_in(now);
    return upkeep::on_files("/srv/app.js", &node);
  };
  const cause why{cause::kind::file_change, {}, "/srv/app.js", {}};
  EXPECT_EQ(on(state::running).wanted, (upkeep_wish{op::restart, why}));
  for (const auto ended : {state::backoff, state::finished, state::failed})
    EXPECT_EQ(on(ended).wanted, (upkeep_wish{op::start, why}));
  for (const auto busy : {state::starting, state::stopping}) {
    EXPECT_FALSE(on(busy).wanted);
    EXPECT_EQ(on(busy).again, busy_wait);
  }
  EXPECT_FALSE(on(state::stopped).wanted || on(state::stopped).again) << "somebody stopped it";
  EXPECT_FALSE(upkeep::on_files("/srv/app.js", nullptr).wanted);
}

} // namespace
} // namespace alder::policy
