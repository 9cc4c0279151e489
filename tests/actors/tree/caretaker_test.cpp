#include "actors/tree/caretaker.hpp"

#include "tests/actors/support/virtual_daemon.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The virtual clock begins at 1970-01-02 00:00 UTC.
class Caretaker : public virtual_daemon {
protected:
  /// At second 0 of every tenth minute.
  static schedule_spec each_ten_minutes() {
    schedule_spec schedule;
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
    schedule.cron = when;
    return schedule;
  }
  static service_spec job() {
    auto spec = service("job");
    spec.task = true;
    spec.restart = restart_kind::transient;
    spec.schedule = each_ten_minutes();
    return spec;
  }
  /// As time passes, with every timer on its way.
  void pass(std::chrono::minutes time) {
    for (; time > 0min; time -= 1min)
      advance(1min);
  }
};

TEST_F(Caretaker, RunsATaskWhenItsTimeComesAndNotBefore) {
  start(tree("shop", strategy::one_for_one, {job(), service("web")}));
  EXPECT_THAT(take_log(), ElementsAre("launch web#1")) << "the others do not wait for it";
  EXPECT_EQ(node("job").state, node_state::stopped);
  EXPECT_EQ(node("job").next_run, wall_time{24h + 10min});
  pass(9min);
  EXPECT_THAT(take_log(), IsEmpty());
  pass(1min);
  EXPECT_THAT(take_log(), ElementsAre("launch job#2"));
  EXPECT_EQ(node("job").state, node_state::running);
  EXPECT_EQ(node("job").reason, "started because of its schedule: cron */10 * * * *");
  EXPECT_EQ(node("job").next_run, wall_time{24h + 20min});
  end("job", exit_status::code(0));
  EXPECT_EQ(node("job").state, node_state::finished);
  pass(10min);
  EXPECT_THAT(take_log(), Contains("launch job#3"));
}

TEST_F(Caretaker, ATaskThatFailedRunsAgainNextTimeAndIsNotCounted) {
  start(tree("shop", strategy::one_for_all, {job(), service("web")}));
  pass(10min);
  end("job", exit_status::code(1));
  EXPECT_EQ(node("job").state, node_state::failed);
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_EQ(node("job").restarts, 0u);
  (void)take_log();
  pass(10min);
  EXPECT_THAT(take_log(), Contains("launch job#3"));
}

TEST_F(Caretaker, ATaskThatIsAddedByHandWaitsForItsTimeToo) {
  start(tree("shop", strategy::one_for_one, {service("web")}));
  (void)take_log();
  const auto entry = std::make_shared<const child_entry>(entry_of(std::make_shared<const service_spec>(job())));
  caf::scoped_actor self{system};
  auto pending = self->request(root, caf::infinite, node_call{node_call::op::add, "job", entry, {}});
  run();
  pending.receive([](const call_outcome& o) { EXPECT_EQ(o.failure.message, ""); },
                  [](const caf::error&) { ADD_FAILURE(); });
  EXPECT_EQ(node("job").state, node_state::stopped);
  EXPECT_THAT(take_log(), IsEmpty());
  pass(10min);
  EXPECT_THAT(take_log(), ElementsAre("launch job#2"));
  end("job", exit_status::code(0));
  EXPECT_EQ(node("job").state, node_state::finished);
  pass(10min);
  EXPECT_THAT(take_log(), Contains("launch job#3"));
}

TEST_F(Caretaker, ARunThatWouldOverlapIsLeftOutAndTold) {
  start(tree("shop", strategy::one_for_one, {job()}));
  pass(20min);
  EXPECT_THAT(take_log(), ElementsAre("launch job#2"));
  EXPECT_THAT(sentences(), Contains(HasSubstr("job: is still running at the time of its next run")));
}

TEST_F(Caretaker, ATaskThatWasStoppedByHandStaysDown) {
  start(tree("shop", strategy::one_for_one, {job()}));
  EXPECT_TRUE(call(node_call::op::stop, "job").ok());
  pass(20min);
  EXPECT_THAT(take_log(), Not(Contains(HasSubstr("launch"))));
  EXPECT_TRUE(call(node_call::op::start, "job").ok());
  end("job", exit_status::code(0));
  (void)take_log();
  pass(10min);
  EXPECT_THAT(take_log(), Contains(HasSubstr("launch job"))) << "until somebody starts it";
}

TEST_F(Caretaker, RestartsAServiceWithoutCountingIt) {
  auto web = service("web");
  web.schedule = each_ten_minutes();
  start(tree("shop", strategy::one_for_all, {service("db"), web}));
  (void)take_log();
  pass(10min);
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "launch web#2"));
  EXPECT_EQ(node("web").restarts, 0u);
}

TEST_F(Caretaker, AServiceThatIsDownStaysDown) {
  auto web = service("web");
  web.schedule = each_ten_minutes();
  start(tree("shop", strategy::one_for_one, {web}));
  EXPECT_TRUE(call(node_call::op::stop, "web").ok());
  (void)take_log();
  pass(10min);
  EXPECT_THAT(take_log(), IsEmpty());
}

TEST_F(Caretaker, RestartsWhatHasBecomeTooOldCountedFromItsStart) {
  auto web = service("web");
  web.schedule.max_age = 5min;
  start(tree("shop", strategy::one_for_one, {web}));
  (void)take_log();
  pass(3min);
  end("web", exit_status::code(1));
  EXPECT_THAT(take_log(), Contains("launch web#2"));
  pass(4min);
  EXPECT_THAT(take_log(), IsEmpty()) << "the new process is younger";
  pass(1min);
  EXPECT_THAT(take_log(), ElementsAre("signal web#2 15", "launch web#3"));
}

TEST_F(Caretaker, TheAgeOfAProcessIsNotThatOfTheClockOnTheWall) {
  auto web = service("web");
  web.schedule.max_age = 5min;
  start(tree("shop", strategy::one_for_one, {web}));
  (void)take_log();
  pass(2min);
  clock_set = 24h;
  pass(1min);
  clock_set = -48h;
  pass(1min);
  EXPECT_THAT(take_log(), IsEmpty());
  pass(1min);
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "launch web#2"));
}

TEST_F(Caretaker, ACronExpressionFollowsTheClockOnTheWall) {
  start(tree("shop", strategy::one_for_one, {job(), service("web")}));
  (void)take_log();
  clock_set = 8min;
  pass(2min);
  EXPECT_THAT(take_log(), Contains("launch job#2"));
}

TEST_F(Caretaker, WithoutAScheduleThereIsNoTimer) {
  start(tree("shop", strategy::one_for_one, {service("web")}));
  EXPECT_TRUE(scheduler.clock().schedule().empty());
}

TEST_F(Caretaker, AChangedFileRestartsWhatRunsAndTriesWhatFailed) {
  std::function<void(const std::string&)> change;
  std::weak_ptr<void> watched;
  shared.watch_files = [&](const watch_spec& what, std::function<void(const std::string&)> changed) {
    EXPECT_THAT(what.paths, ElementsAre("/srv"));
    change = std::move(changed);
    auto held = std::make_shared<int>(0);
    watched = held;
    return held;
  };
  auto web = service("web");
  web.watch.paths = {"/srv"};
  web.fatal_exit_codes = {78};
  start(tree("shop", strategy::one_for_all, {service("db"), web}));
  (void)take_log();
  ASSERT_TRUE(change);
  change("/srv/a.js");
  run();
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "launch web#2"));
  EXPECT_EQ(node("web").restarts, 0u);
  EXPECT_EQ(node("web").reason, "started because a file changed: /srv/a.js");
  end("web", exit_status::code(78));
  EXPECT_EQ(node("web").state, node_state::failed);
  (void)take_log();
  change("/srv/a.js");
  run();
  EXPECT_THAT(take_log(), ElementsAre("launch web#3"));
  EXPECT_TRUE(call(node_call::op::stop, "web").ok());
  (void)take_log();
  change("/srv/a.js");
  run();
  EXPECT_THAT(take_log(), IsEmpty()) << "stopped by hand";
  EXPECT_TRUE(call(node_call::op::remove, "web").ok());
  run();
  change = nullptr;
  EXPECT_TRUE(watched.expired()) << "nobody watches for a service that is gone";
}

TEST_F(Caretaker, AChangeDuringAStopCountsWhenItIsOver) {
  std::function<void(const std::string&)> change;
  shared.watch_files = [&](const watch_spec&, std::function<void(const std::string&)> changed) {
    change = std::move(changed);
    return std::make_shared<int>(0);
  };
  auto web = service("web");
  web.watch.paths = {"/srv"};
  os.stubborn.insert("web");
  start(tree("shop", strategy::one_for_one, {web}));
  change("/srv/a.js");
  run();
  EXPECT_EQ(node("web").state, node_state::stopping);
  change("/srv/b.js");
  run();
  os.stubborn.clear();
  end("web", exit_status::signal(15));
  EXPECT_THAT(take_log(), Contains("launch web#2"));
  advance(250ms);
  EXPECT_THAT(take_log(), Contains("launch web#3"));
}

} // namespace
} // namespace alder::actors::testing
