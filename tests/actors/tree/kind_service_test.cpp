#include "actors/tree/kind_service.hpp"

#include "tests/actors/tree/kind_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using action = policy::adoption::action;

class KindService : public kind_fixture {
protected:
  static child_entry entry_of(service_spec spec) {
    return entry_of_service(std::make_shared<const service_spec>(std::move(spec)));
  }
  static service_spec scheduled_task() {
    auto spec = service("job");
    spec.task = true;
    spec.schedule.cron = cron_expression{};
    return spec;
  }
};

TEST_F(KindService, HasTheRulesOfItsSpecification) {
  auto spec = service("web");
  spec.restart = restart_kind::transient;
  spec.significant = true;
  spec.after = {"db"};
  spec.backoff = {5s, 60s, 3.0, 0.0, 10s};
  spec.restart_limit.min_uptime = 9s;
  const auto entry = entry_of(spec);
  EXPECT_EQ(entry.name, "web");
  EXPECT_EQ(entry.restart, restart_kind::transient);
  const auto rules = entry.kind->rules();
  EXPECT_TRUE(rules.significant);
  EXPECT_FALSE(rules.supervisor);
  EXPECT_FALSE(rules.brutal_kill);
  EXPECT_THAT(rules.after, ElementsAre("db"));
  EXPECT_EQ(rules.backoff, spec.backoff);
  EXPECT_EQ(rules.restart_limit, spec.restart_limit);
}

TEST_F(KindService, IsShownWithItsSpecification) {
  const auto node = shown(entry_of(service("web")));
  EXPECT_EQ(node.what, node_snapshot::kind::service);
  ASSERT_TRUE(node.service);
  EXPECT_EQ(node.service->name, "web");
}

TEST_F(KindService, SpawnsAnActorThatLaunchesItsProgram) {
  spawn(entry_of(service("web")), {.generation = 4});
  EXPECT_THAT(take_log(), ElementsAre("launch web#4"));
}

TEST_F(KindService, HasACaretakerForAScheduleOrAWatchOnly) {
  auto watched = service("web");
  watched.watch.paths = {"/srv"};
  std::vector<bool> appointed;
  in_an_actor([&](caf::scheduled_actor* host) {
    for (const auto& entry : {entry_of(service("db")), entry_of(watched), entry_of(scheduled_task())}) {
      auto place = place_of(entry);
      place.host = host;
      const auto caretaker = entry.kind->appoint_caretaker(place);
      appointed.push_back(static_cast<bool>(caretaker));
      if (caretaker) caf::anon_send_exit(caretaker, caf::exit_reason::user_shutdown);
    }
  });
  EXPECT_THAT(appointed, ElementsAre(false, true, true));
}

TEST_F(KindService, IsStoppedAsItSays) {
  auto spec = service("web");
  spec.stop.signal = SIGKILL;
  const auto entry = entry_of(spec);
  ASSERT_TRUE(entry.kind->stop());
  EXPECT_EQ(*entry.kind->stop(), spec.stop);
  EXPECT_TRUE(entry.kind->rules().brutal_kill);
}

TEST_F(KindService, AnInstanceTakesTheTermsOfItsPoolAndKeepsItsOwnProgram) {
  auto spec = service("web:1");
  spec.environment = {{"PORT", "3001"}};
  stop_spec stop;
  stop.signal = SIGINT;
  const auto other = entry_of(spec).kind->with_terms(restart_kind::temporary, stop);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->stop());
  EXPECT_EQ(other->stop()->signal, SIGINT);
  node_snapshot node;
  other->show(node);
  ASSERT_TRUE(node.service);
  EXPECT_EQ(node.service->restart, restart_kind::temporary);
  EXPECT_EQ(node.service->environment, spec.environment);
}

TEST_F(KindService, ItsStartIsWorthTellingOnlyIfSomethingIsCheckedBeforeItIsUp) {
  auto checked = service("web");
  checked.ready.check = ready_tcp{"127.0.0.1", 80};
  auto task = service("build");
  task.task = true;
  EXPECT_FALSE(entry_of(service("db")).kind->checks_readiness());
  EXPECT_TRUE(entry_of(checked).kind->checks_readiness());
  EXPECT_TRUE(entry_of(task).kind->checks_readiness());
  EXPECT_FALSE(entry_of(scheduled_task()).kind->checks_readiness());
}

TEST_F(KindService, ATaskThatIsCompleteHasNotStarted) {
  auto task = service("build");
  task.task = true;
  const auto kind = entry_of(task).kind;
  EXPECT_EQ(kind->start_event({.pid = 0}, /*was_up_before=*/false), std::nullopt);
  EXPECT_EQ(kind->start_event({.pid = 7}, /*was_up_before=*/false), event_kind::started);
  EXPECT_EQ(kind->start_event({.pid = 7}, /*was_up_before=*/true), event_kind::adopted);
  const auto web = entry_of(service("web")).kind; // it may have ended before anybody looked
  EXPECT_EQ(web->start_event({.pid = 0}, /*was_up_before=*/false), event_kind::started);
}

TEST_F(KindService, WasUpBeforeIfItsProcessWas) {
  const auto kind = entry_of(service("web")).kind;
  EXPECT_TRUE(kind->was_up_before({.kept = true}, /*goes_on=*/true, {}));
  EXPECT_FALSE(kind->was_up_before({.kept = false}, /*goes_on=*/true, {})) << "lost again before it was taken over";
}

TEST_F(KindService, IsAliveAsLongAsItsProcess) {
  const auto entry = entry_of(service("web"));
  spawn(entry, {.generation = 4});
  EXPECT_TRUE(entry.kind->is_alive(place_of(entry), 4, /*has_actor=*/true));
  EXPECT_FALSE(entry.kind->is_alive(place_of(entry), 3, /*has_actor=*/true));
  os.end(os.alive("web"), exit_status::code(0));
  EXPECT_FALSE(entry.kind->is_alive(place_of(entry), 4, /*has_actor=*/true)) << "its actor has yet to hear of it";
}

TEST_F(KindService, ItsStartsAreCountedByItsNode) {
  node_snapshot node;
  node.generation = 6;
  EXPECT_EQ(entry_of(service("web")).kind->counted(node), 6u);
}

TEST_F(KindService, TakesOverTheProcessThatRuns) {
  const auto recalled = recall(entry_of(service("web")), past({ended(4), running(5)}));
  EXPECT_EQ(recalled.decided.what, action::take_over);
  EXPECT_THAT(recalled.decided.stale, ElementsAre(4));
  ASSERT_TRUE(recalled.taken);
  EXPECT_EQ(recalled.taken->generation, 5u);
  EXPECT_EQ(recalled.taken->started, wall_time{7h});
  EXPECT_EQ(recalled.taken->restarts, 3u);
  EXPECT_TRUE(recalled.taken->may_have_ended);
  EXPECT_FALSE(recalled.taken->starting);
}

TEST_F(KindService, OneThatWasNotReadyIsStillStartingUnlessItEnded) {
  auto waits = running(5);
  waits.note.now = wire::process_note::phase::waiting;
  EXPECT_TRUE(recall(entry_of(service("web")), past({waits})).taken->starting);
  waits.alive = false;
  waits.exited = exit_status::code(1);
  EXPECT_FALSE(recall(entry_of(service("web")), past({waits})).taken->starting);
}

TEST_F(KindService, WhatWasDecidedOnOrIsNotToBeResumedIsNotTakenOver) {
  auto decided = past({ended(5)});
  decided.known = {.generation = 5, .ended = 5};
  EXPECT_FALSE(recall(entry_of(service("web")), decided).taken);
  auto anew = past({running(5)});
  anew.resumes = false;
  const auto recalled = recall(entry_of(service("web")), anew);
  EXPECT_FALSE(recalled.taken);
  EXPECT_EQ(recalled.decided.what, action::start);
}

} // namespace
} // namespace alder::actors::testing
