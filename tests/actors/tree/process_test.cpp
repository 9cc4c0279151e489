#include "actors/tree/process.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const wire::process_note waiting_note{0, wire::process_note::phase::waiting, {}};

class Process : public virtual_daemon {
protected:
  void launch(service_spec spec) {
    who = system.spawn<process>(shared, "shop", std::make_shared<const service_spec>(std::move(spec)),
                                parent_actor{parent});
    caf::anon_send(who, start_order{1, {}, false, 0});
    run();
  }
  ~Process() override { who = nullptr; }
  process_actor who;
};

TEST_F(Process, IsReadyWhenItRunsUnlessACheckIsAskedFor) {
  launch(service("web"));
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, policy::start_result::how::ok);
}

TEST_F(Process, RepeatsItsReadinessCheckUntilItSucceeds) {
  auto web = service("web");
  web.ready = {ready_tcp{"127.0.0.1", 80}, 5s, 100ms};
  launch(web);
  EXPECT_THAT(take_log(), ElementsAre("launch web#1", "check web#1"));
  caf::anon_send(who, readiness_answered{false, "refused"});
  run();
  EXPECT_THAT(take_log(), IsEmpty());
  advance(10ms); // the first again soon, later ones up to the interval apart
  EXPECT_THAT(take_log(), ElementsAre("check web#1"));
  EXPECT_THAT(heard.starts, IsEmpty());
  caf::anon_send(who, readiness_answered{true, {}});
  run();
  ASSERT_EQ(heard.starts.size(), 1u);
}

TEST_F(Process, FailsItsStartWhenItIsNotReadyInTime) {
  auto web = service("web");
  web.ready = {ready_tcp{"127.0.0.1", 80}, 5s, 100ms};
  launch(web);
  caf::anon_send(who, readiness_answered{false, "127.0.0.1:80 refused the connection"});
  run();
  advance(5s);
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].detail, "was not ready within 5s: 127.0.0.1:80 refused the connection");
  EXPECT_EQ(os.count_alive(), 0u);
}

TEST_F(Process, WaitsForAnAdoptedOneOnlyAsLongAsIsLeft) {
  auto web = service("web");
  web.ready = {ready_tcp{"127.0.0.1", 80}, 5s, 10s};
  os.processes[process_id{"shop/web"_node, 1}] = {{}, 99, waiting_note, /*alive=*/true, shared.wall_now() - 3s};
  launch(web);
  EXPECT_THAT(take_log(), ElementsAre("adopt web#1", "check web#1"));
  advance(1999ms);
  EXPECT_THAT(heard.starts, IsEmpty());
  advance(1ms);
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, policy::start_result::how::failed);
}

TEST_F(Process, TimeThatItAskedForIsKeptForASuccessor) {
  auto web = service("web");
  web.ready = {ready_notify{}, 5s, 10s};
  launch(web);
  caf::anon_send(who, program_said{wire::said_more_time{60s}});
  run();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  advance(40s);
  launch(web);
  EXPECT_THAT(take_log(), ElementsAre("launch web#1", "adopt web#1"));
  advance(19999ms);
  EXPECT_THAT(heard.starts, IsEmpty());
  advance(1ms);
  EXPECT_EQ(heard.starts.size(), 1u);
}

TEST_F(Process, TheTimeItHasLeftIsNotThatOfTheClockOnTheWall) {
  auto web = service("web");
  web.ready = {ready_notify{}, 5s, 10s};
  os.processes[process_id{"shop/web"_node, 1}] = {{}, 99, waiting_note, /*alive=*/true, steady_time() - 3s};
  clock_set = 24h;
  launch(web);
  advance(1s);
  EXPECT_THAT(heard.starts, IsEmpty()) << "2 of its 5 s are left";
  caf::anon_send(who, program_said{wire::said_more_time{60s}});
  run();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  clock_set = -24h;
  advance(40s);
  launch(web);
  advance(19999ms);
  EXPECT_THAT(heard.starts, IsEmpty());
  advance(1ms);
  EXPECT_EQ(heard.starts.size(), 1u);
}

TEST_F(Process, AFloodOfMessagesDoesNotFillTheEvents) {
  launch(service("web"));
  const auto before = sentences().size();
  constexpr int minutes = 60;
  for (int second = 0; second < minutes * 60; ++second) {
    for (int i = 0; i < 100; ++i)
      caf::anon_send(who, program_said{wire::said_message{std::to_string(second) + "." + std::to_string(i)}});
    run();
    advance(1s);
  }
  EXPECT_LT(sentences().size() - before, 150U);
  EXPECT_THAT(sentences(), Contains(HasSubstr("more messages within")));
}

TEST_F(Process, AfterAFloodItIsHeardAsBefore) {
  launch(service("web"));
  for (int second = 0; second < 100; ++second) {
    for (int i = 0; i < 100; ++i)
      caf::anon_send(who, program_said{wire::said_message{std::to_string(i)}});
    run();
    advance(1s);
  }
  advance(1h);
  for (int i = 0; i < 3; ++i) {
    caf::anon_send(who, program_said{wire::said_message{"once " + std::to_string(i)}});
    run();
    advance(1min);
  }
  EXPECT_THAT(sentences(), Contains(HasSubstr("once 0")));
  EXPECT_THAT(sentences(), Contains(HasSubstr("once 2")));
}

TEST_F(Process, WhatIsSaidAgainAndAgainIsToldOnce) {
  launch(service("web"));
  const auto before = sentences().size();
  for (int i = 0; i < 5; ++i)
    caf::anon_send(who, program_said{wire::said_error{"disk full"}});
  run();
  EXPECT_EQ(sentences().size(), before + 1);
}

TEST_F(Process, WishesForMoreTimeAreWrittenDownOnceASecond) {
  auto web = service("web");
  web.ready = {ready_notify{}, 5s, 10s};
  launch(web);
  std::set<std::string> notes;
  for (int i = 0; i < 1000; ++i) {
    caf::anon_send(who, program_said{wire::said_more_time{60s}});
    run();
    notes.insert(wire::encode(os.processes.begin()->second.note));
    advance(1ms);
  }
  EXPECT_LE(notes.size(), 2U);
}

TEST_F(Process, IsKilledWhenItDoesNotStopInTime) {
  os.stubborn.insert("web");
  launch(service("web"));
  caf::anon_send(who, stop_order{});
  run();
  advance(9999ms);
  EXPECT_THAT(take_log(), ElementsAre("launch web#1", "signal web#1 15"));
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("kill web#1"));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_EQ(heard.ends[0].reason.what, exit_reason::kind::killed);
  EXPECT_EQ(heard.ends[0].reason.detail, "did not stop within 10s and was killed");
}

TEST_F(Process, TakesItsDescendantsAlongWhenItCrashes) {
  auto web = service("web");
  web.stop.kill_leftovers = true;
  launch(web);
  os.with_members.insert("web");
  end("web", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("launch web#1", "kill web#1"));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_EQ(heard.ends[0].reason.detail, "exited with code 1");
}

TEST_F(Process, AsksWhatItsMainProcessLeftBehindToStopBeforeItIsKilled) {
  launch(service("web"));
  os.with_members.insert("web");
  end("web", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("launch web#1", "signal web#1 15", "await web#1"));
  advance(9999ms);
  EXPECT_THAT(heard.ends, IsEmpty()) << "nothing of it is alive when the next one starts";
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("kill web#1"));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_EQ(heard.ends[0].reason.detail, "exited with code 1");
}

TEST_F(Process, AStopLastsAsLongAsTheProgramAsksFor) {
  os.stubborn.insert("web");
  launch(service("web"));
  caf::anon_send(who, stop_order{});
  run();
  advance(4s);
  caf::anon_send(who, program_said{wire::said_more_time{30s}});
  run();
  (void)take_log();
  advance(29999ms);
  EXPECT_THAT(take_log(), IsEmpty());
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("kill web#1"));
}

TEST_F(Process, TimeThatItAskedForToStopIsKeptForASuccessor) {
  os.stubborn.insert("web");
  launch(service("web"));
  caf::anon_send(who, stop_order{});
  caf::anon_send(who, program_said{wire::said_more_time{60s}});
  caf::anon_send(who, program_said{wire::said_more_time{1s}});
  run();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  advance(20s);
  who =
      system.spawn<process>(shared, "shop", std::make_shared<const service_spec>(service("web")), parent_actor{parent});
  caf::anon_send(who, start_order{1, {}, /*resume=*/true, 0, /*only_running=*/true});
  run();
  caf::anon_send(who, stop_order{});
  run();
  (void)take_log();
  advance(39999ms);
  EXPECT_THAT(take_log(), IsEmpty());
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("kill web#1"));
}

TEST_F(Process, ReloadingBeforeItWasReadyAndReadyAgainAreNoNews) {
  launch(service("web"));
  unsigned changes = 0;
  shared.nodes.on_change = [&](const node_ptr&, const node_ptr&) { ++changes; };
  const auto say = [&](wire::program_notice what) {
    caf::anon_send(who, program_said{std::move(what)});
    run();
    return shared.nodes.find("shop", "web")->reloading;
  };
  const wire::said_ready ready{wire::said_ready::over::notify};
  EXPECT_FALSE(say(wire::said_reloading{})) << "it starts";
  EXPECT_FALSE(say(ready));
  EXPECT_FALSE(say(ready));
  EXPECT_EQ(changes, 0u);
  EXPECT_TRUE(say(wire::said_reloading{}));
  EXPECT_FALSE(say(ready));
  EXPECT_EQ(changes, 2u);
  shared.nodes.on_change = nullptr;
}

TEST_F(Process, OneThatWasReadyBeforeThisDaemonMayReload) {
  os.processes[process_id{"shop/web"_node, 1}] = {{}, 99, wire::process_note{}, /*alive=*/true, shared.wall_now() - 3s};
  launch(service("web"));
  caf::anon_send(who, program_said{wire::said_reloading{}});
  run();
  EXPECT_TRUE(shared.nodes.find("shop", "web")->reloading);
}

TEST_F(Process, AHookAfterItsExitIsToldHowItEnded) {
  auto web = service("web");
  web.hooks.after_exit = {"tidy"};
  launch(web);
  (void)take_log();
  end("web", exit_status::code(3));
  EXPECT_THAT(take_log(), ElementsAre("hook web#1 tidy ALDER_EXIT_CODE=3 ALDER_EXIT_REASON=exited with code 3 "
                                      "ALDER_HOOK=after_exit ALDER_PID=101"));
  EXPECT_THAT(heard.ends, IsEmpty());
  os.hooks.back().second->tell(hook_ended{os.hooks.back().first, {}});
  run();
  EXPECT_EQ(heard.ends.size(), 1u);
}

TEST_F(Process, AHookBeforeItsStartHoldsItUp) {
  auto web = service("web");
  web.hooks.before_start = {"prepare"};
  launch(web);
  EXPECT_THAT(take_log(), ElementsAre("hook web#1 prepare ALDER_HOOK=before_start"));
  os.hooks.back().second->tell(hook_ended{os.hooks.back().first, "exited with code 1"});
  run();
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].detail, "its hook before_start failed: exited with code 1");
}

} // namespace
} // namespace alder::actors::testing
