#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;
using kind = exit_reason::kind;

std::vector<child_rules> three() { return {worker("a"), worker("b"), worker("c")}; }

TEST(SupervisionStart, ChildrenStartInOrderEachAfterTheOneBeforeIsUp) {
  supervision_script s{{}, three()};
  EXPECT_EQ(s.tell(begin{}), "start a#1");
  EXPECT_EQ(s.started("a"), "start b#1");
  EXPECT_EQ(s.started("b"), "start c#1");
  EXPECT_EQ(s.started("c"), "up");
  EXPECT_EQ(s.state(), "a#1 b#1 c#1");
  EXPECT_FALSE(s.machine().busy());
}

TEST(SupervisionStart, AnEmptySupervisorIsUpAtOnce) {
  supervision_script s{{}, {}};
  EXPECT_EQ(s.tell(begin{}), "up");
  EXPECT_EQ(s.stop(), "ended");
  EXPECT_TRUE(s.machine().ended());
}

TEST(SupervisionStart, AFailedStartIsUnwoundInReverseAndLaterChildrenAreNeverTouched) {
  supervision_script s{{}, {worker("a"), worker("b"), worker("c"), worker("d")}};
  (void)s.tell(begin{});
  (void)s.started("a");
  (void)s.started("b");
  EXPECT_EQ(s.refused("c", "no such file"), "report start_error c; stop b#1");
  EXPECT_EQ(s.gone("b"), "stop a#1");
  EXPECT_EQ(s.why_stopped("a"), (cause{cause::kind::start_unwound, "c", "no such file", {}}));
  EXPECT_EQ(s.gone("a"), "failed c: no such file");
  EXPECT_TRUE(s.machine().ended());
}

TEST(SupervisionStart, EvenATemporaryChildThatCannotStartFailsIt) {
  supervision_script s{{}, {worker("a", restart_kind::temporary)}};
  (void)s.tell(begin{});
  EXPECT_EQ(s.refused("a"), "report start_error a; failed a: no such file");
  EXPECT_TRUE(s.questions().empty());
}

TEST(SupervisionStart, AnIgnoredChildStaysStoppedAndATemporaryOneLeaves) {
  supervision_script s{{}, {worker("a"), worker("b", restart_kind::temporary), worker("c")}};
  (void)s.tell(begin{});
  EXPECT_EQ(s.ignored("a"), "start b#1");
  EXPECT_EQ(s.ignored("b"), "start c#1");
  EXPECT_EQ(s.started("c"), "up");
  EXPECT_EQ(s.state(), "a- c#1");
}

TEST(SupervisionStart, WhatDiesDuringTheStartIsHandledAfterIt) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  (void)s.tell(begin{});
  (void)s.started("a");
  EXPECT_EQ(s.gone("a", crash()), "");
  EXPECT_EQ(s.started("b"), "up; report child_terminated a; restart a#2");
}

TEST(SupervisionStart, AStopCutsItShortAndWhatWasStartedGoesDown) {
  supervision_script s{{}, three()};
  (void)s.tell(begin{});
  (void)s.started("a");
  EXPECT_EQ(s.stop(), "abort b#1");
  EXPECT_EQ(s.refused("b", "was stopped while starting"), "report start_error b; stop a#1");
  EXPECT_EQ(s.gone("a"), "failed b: was stopped while starting");
}

TEST(SupervisionStart, AStopThatCameTooLateForOneChildCutsTheNextShort) {
  supervision_script s{{}, three()};
  (void)s.tell(begin{});
  EXPECT_EQ(s.stop(), "abort a#1");
  EXPECT_EQ(s.started("a"), "start b#1; abort b#1");
}

TEST(SupervisionStart, AnAnswerNobodyWaitsForIsDropped) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  (void)s.tell(begin{});
  EXPECT_EQ(s.tell(start_result{"b", 1, start_result::how::ok, {}}), "");
  EXPECT_EQ(s.tell(start_result{"a", 7, start_result::how::failed, {}}), "");
  EXPECT_EQ(s.tell(verdict_given{}), "");
  EXPECT_EQ(s.started("a"), "start b#1");
  EXPECT_EQ(s.started("b"), "up");
  EXPECT_EQ(s.started("b"), "");
  EXPECT_EQ(s.tell(verdict_given{}), "");
  EXPECT_EQ(s.state(), "a#1 b#1");
}

TEST(SupervisionResume, ChildrenThatWereDownStayStoppedAndForgottenOnesLeave) {
  supervision_script s{{}, {worker("a"), worker("b"), worker("c", restart_kind::temporary), worker("d")}};
  s.machine().recall("d", 4);
  s.machine().recall("d", 2); // an older memory
  EXPECT_EQ(s.tell(begin{true, {"b", "c"}, {}}), "start a#1");
  EXPECT_EQ(s.started("a"), "start d#5");
  EXPECT_EQ(s.started("d"), "up");
  EXPECT_EQ(s.state(), "a#1 b- d#5");
}

TEST(SupervisionResume, AChildThatCannotStartIsTriedAgainAndUndoesNothing) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  (void)s.tell(begin{true, {}, {}});
  EXPECT_EQ(s.refused("a"), "report start_error a; retry a in 0s; start b#1");
  EXPECT_EQ(s.started("b"), "up");
  EXPECT_EQ(s.state(), "a? b#1");
  EXPECT_EQ(s.retry_now(), "restart a#2");
}

TEST(SupervisionResume, ChildrenAreStillFoundByNameAfterOneWasForgotten) {
  supervision_script s{{}, {worker("x", restart_kind::temporary), worker("a"), worker("b")}};
  (void)s.tell(begin{true, {"x"}, {}});
  (void)s.answer_all();
  EXPECT_EQ(s.call_for(op::terminate_child, "b"), "stop b#1");
  EXPECT_EQ(s.call_for(op::restart_child, "x", 2), "");
  EXPECT_EQ(s.gone("b"), "settled b; reply 1 ok; reply 2 not_found");
}

TEST(SupervisionStop, GoesThroughTheChildrenInReverseThenEnds) {
  supervision_script s{{}, three()};
  s.bring_up();
  EXPECT_EQ(s.stop(), "stop c#1");
  EXPECT_EQ(s.gone("c"), "stop b#1");
  EXPECT_EQ(s.gone("b"), "stop a#1");
  EXPECT_EQ(s.gone("a"), "ended");
  EXPECT_EQ(s.last<supervisor_ended>().reason.what, kind::shutdown);
  EXPECT_EQ(s.last<supervisor_ended>().why.what, cause::kind::tree_stop);
}

TEST(SupervisionStop, SkipsWhatIsDownOrWaitsForARetry) {
  supervision_script s{{}, {worker("a"), worker("b"), worker("c", restart_kind::transient)}};
  s.bring_up();
  (void)s.gone("c", reason(kind::normal));
  (void)s.gone("a", crash());
  (void)s.refused("a");
  EXPECT_EQ(s.state(), "a? b#1 c-");
  EXPECT_EQ(s.stop(), "stop b#1");
  EXPECT_EQ(s.gone("b"), "ended");
}

TEST(SupervisionStop, OnlyAnUnexpectedReasonIsReported) {
  auto brutal = worker("brutal");
  brutal.brutal_kill = true;
  supervision_script s{{}, {worker("polite"), brutal, worker("clean", restart_kind::transient), worker("rude")}};
  s.bring_up();
  (void)s.stop();
  EXPECT_EQ(s.gone("rude", reason(kind::killed)), "report shutdown_error rude; stop clean#1");
  EXPECT_EQ(s.gone("clean", reason(kind::normal)), "stop brutal#1");
  EXPECT_EQ(s.gone("brutal", reason(kind::killed)), "stop polite#1");
  EXPECT_EQ(s.gone("polite", reason(kind::normal)), "report shutdown_error polite; ended");
}

TEST(SupervisionStop, AChildThatDiedMeanwhileIsNotAskedToStop) {
  supervision_script s{{}, three()};
  s.bring_up();
  (void)s.stop();
  EXPECT_EQ(s.gone("a", crash()), "");
  EXPECT_EQ(s.gone("c"), "stop b#1");
  EXPECT_EQ(s.gone("b"), "report shutdown_error a; ended");
}

TEST(SupervisionStop, TheExitOfAnOlderProcessIsNoAnswerToIt) {
  supervision_script s{{}, {worker("a")}};
  s.bring_up();
  (void)s.gone("a", crash());
  (void)s.started("a");
  EXPECT_EQ(s.stop(), "stop a#2");
  EXPECT_EQ(s.tell(child_gone{"a", 1, crash()}), "");
  EXPECT_EQ(s.gone("a"), "ended");
}

TEST(SupervisionStop, ThatArrivesWhileAGroupStopsCutsTheStartsThatFollowShort) {
  supervision_script s{{strategy::one_for_all, {}, auto_shutdown::never}, {worker("a"), worker("b")}};
  s.bring_up();
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; stop b#1");
  EXPECT_EQ(s.stop(), "");
  EXPECT_EQ(s.gone("b"), "restart a#2; abort a#2");
  EXPECT_EQ(s.refused("a", "was stopped while starting"), "report start_error a; retry a in 0s; ended");
}

TEST(SupervisionStop, AfterTheEndCallsAreRefusedAndTheRestIsDropped) {
  supervision_script s{{}, {worker("a")}};
  s.bring_up();
  (void)s.stop();
  EXPECT_EQ(s.call_for(op::restart_child, "a", 5), "");
  EXPECT_EQ(s.gone("a"), "ended; reply 5 noproc");
  EXPECT_EQ(s.call_for(op::terminate_child, "a", 6), "reply 6 noproc");
  EXPECT_EQ(s.stop(), "");
  EXPECT_EQ(s.tell(begin{}), "");
  EXPECT_EQ(s.gone("a", crash()), "");
}

TEST(SupervisionStop, BeforeTheStartEndsAtOnce) {
  supervision_script s{{}, three()};
  EXPECT_EQ(s.stop(), "ended");
}

} // namespace
} // namespace alder::policy
