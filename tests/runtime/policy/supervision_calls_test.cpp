#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;
using kind = exit_reason::kind;

/// Children in every state: up runs, down was stopped, trying waits for its next attempt.
supervision_script in_every_state() {
  supervision_script s{{}, {worker("up"), worker("down"), worker("trying")}};
  s.bring_up();
  (void)s.call_for(op::terminate_child, "down", 90);
  (void)s.gone("down");
  (void)s.gone("trying", crash());
  (void)s.refused("trying");
  return s;
}

TEST(SupervisionCalls, TerminateStopsARunningChildAndKeepsIt) {
  auto s = in_every_state();
  EXPECT_EQ(s.call_for(op::terminate_child, "up"), "stop up#1");
  EXPECT_EQ(s.why_stopped("up").what, cause::kind::request);
  EXPECT_EQ(s.gone("up"), "settled up; reply 1 ok");
  EXPECT_EQ(s.state(), "up- down- trying?");
}

TEST(SupervisionCalls, TerminateOfAStoppedChildIsFineAndOfAnUnknownOneIsNot) {
  auto s = in_every_state();
  EXPECT_EQ(s.call_for(op::terminate_child, "down"), "settled down; reply 1 ok");
  EXPECT_EQ(s.call_for(op::terminate_child, "nobody"), "reply 1 not_found");
}

TEST(SupervisionCalls, TerminateCancelsTheNextAttempt) {
  auto s = in_every_state();
  EXPECT_EQ(s.call_for(op::terminate_child, "trying"), "settled trying; reply 1 ok");
  EXPECT_EQ(s.state(), "up#1 down- trying-");
  EXPECT_EQ(s.retry_now(), "");
  EXPECT_EQ(s.questions().size(), 1U);
}

TEST(SupervisionCalls, TerminateMakesATemporaryChildLeave) {
  supervision_script s{{}, {worker("a", restart_kind::temporary), worker("b")}};
  s.bring_up();
  (void)s.call_for(op::terminate_child, "a");
  EXPECT_EQ(s.gone("a"), "settled a removed; reply 1 ok");
  EXPECT_EQ(s.state(), "b#1");
}

TEST(SupervisionCalls, TerminateCutsTheStartOfThatChildShortAndNoOther) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.gone("a", crash());
  EXPECT_EQ(s.call_for(op::terminate_child, "b", 1), "");
  EXPECT_EQ(s.call_for(op::terminate_child, "a", 2), "abort a#2");
  EXPECT_EQ(s.refused("a", "cut"), "report start_error a; retry a in 0s; stop b#1");
  EXPECT_EQ(s.gone("b"), "settled b; reply 1 ok; settled a; reply 2 ok");
  EXPECT_EQ(s.retry_now(), "");
}

TEST(SupervisionCalls, ACrashQueuedBehindATerminateIsOnlyReported) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.call_for(op::terminate_child, "a", 1);
  EXPECT_EQ(s.call_for(op::terminate_child, "b", 2), "");
  EXPECT_EQ(s.gone("b", crash()), "");
  EXPECT_EQ(s.gone("a"), "settled a; reply 1 ok; report shutdown_error b; settled b; reply 2 ok");
  EXPECT_TRUE(s.questions().empty());
}

TEST(SupervisionCalls, RestartStartsOnlyAStoppedChild) {
  auto s = in_every_state();
  EXPECT_EQ(s.call_for(op::restart_child, "up"), "reply 1 running");
  EXPECT_EQ(s.call_for(op::restart_child, "trying"), "reply 1 restarting");
  EXPECT_EQ(s.call_for(op::restart_child, "nobody"), "reply 1 not_found");
  EXPECT_EQ(s.call_for(op::restart_child, "down"), "start down#2");
  EXPECT_EQ(s.started("down"), "reply 1 ok");
  EXPECT_EQ(s.state(), "up#1 down#2 trying?");
}

TEST(SupervisionCalls, AFailedRestartIsToldNotRetriedNotCountedNotReported) {
  auto s = in_every_state();
  const auto counted = s.machine().restarts().size();
  (void)s.call_for(op::restart_child, "down");
  EXPECT_EQ(s.refused("down", "no such file"), "reply 1 start_failed no such file");
  EXPECT_EQ(s.state(), "up#1 down- trying?");
  EXPECT_EQ(s.machine().restarts().size(), counted);
}

TEST(SupervisionCalls, AnIgnoredRestartIsFineAndLeavesTheChildStopped) {
  auto s = in_every_state();
  (void)s.call_for(op::restart_child, "down");
  EXPECT_EQ(s.ignored("down"), "reply 1 ok ignored");
  EXPECT_EQ(s.state(), "up#1 down- trying?");
}

TEST(SupervisionCalls, DeleteRemovesOnlyAStoppedChild) {
  auto s = in_every_state();
  EXPECT_EQ(s.call_for(op::delete_child, "up"), "reply 1 running");
  EXPECT_EQ(s.call_for(op::delete_child, "trying"), "reply 1 restarting");
  EXPECT_EQ(s.call_for(op::delete_child, "nobody"), "reply 1 not_found");
  EXPECT_EQ(s.call_for(op::delete_child, "down"), "reply 1 ok");
  EXPECT_EQ(s.state(), "up#1 trying?");
  EXPECT_EQ(s.call_for(op::delete_child, "trying"), "reply 1 restarting") << "those behind it are still found";
}

TEST(SupervisionCalls, StartChildAppendsAtTheEnd) {
  auto s = in_every_state();
  EXPECT_EQ(s.add(worker("new")), "start new#1");
  EXPECT_EQ(s.started("new"), "reply 1 ok");
  EXPECT_EQ(s.state(), "up#1 down- trying? new#1");
}

TEST(SupervisionCalls, StartChildOfAKnownNameSaysWhetherItRuns) {
  auto s = in_every_state();
  EXPECT_EQ(s.add(worker("up")), "reply 1 already_started");
  EXPECT_EQ(s.add(worker("down")), "reply 1 already_present");
  EXPECT_EQ(s.add(worker("trying")), "reply 1 already_present");
}

TEST(SupervisionCalls, StartChildThatFailsKeepsNothing) {
  auto s = in_every_state();
  (void)s.add(worker("new"));
  EXPECT_EQ(s.refused("new", "no such file"), "reply 1 start_failed no such file");
  EXPECT_EQ(s.state(), "up#1 down- trying?");
}

TEST(SupervisionCalls, StartChildThatIsIgnoredIsKeptUnlessTemporary) {
  supervision_script s{{}, {}};
  s.bring_up();
  (void)s.add(worker("a"), 1);
  EXPECT_EQ(s.ignored("a"), "reply 1 ok ignored");
  (void)s.add(worker("b", restart_kind::temporary), 2);
  EXPECT_EQ(s.ignored("b"), "reply 2 ok ignored");
  EXPECT_EQ(s.state(), "a-");
}

TEST(SupervisionCalls, TheyAreServedInOrderBehindWhatIsUnderWay) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.call_for(op::terminate_child, "a", 1);
  EXPECT_EQ(s.call_for(op::restart_child, "a", 2), "");
  EXPECT_EQ(s.call_for(op::delete_child, "b", 3), "");
  EXPECT_EQ(s.gone("a"), "settled a; reply 1 ok; start a#2");
  EXPECT_EQ(s.started("a"), "reply 2 ok; reply 3 running");
}

} // namespace
} // namespace alder::policy
