#include "tests/runtime/policy/supervision_script.hpp"

#include "runtime/base/words.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;
using kind = exit_reason::kind;
using std::chrono::milliseconds;

supervisor_rules with(strategy s, unsigned max_restarts = 3) {
  return {s, {max_restarts, milliseconds{5000}}, auto_shutdown::never};
}

supervision_script brought_up(supervisor_rules rules, std::vector<child_rules> children) {
  supervision_script s{rules, std::move(children)};
  s.bring_up();
  return s;
}

std::vector<child_rules> three() { return {worker("a"), worker("b"), worker("c")}; }

TEST(SupervisionRestart, OneForOneTouchesNobodyElse) {
  auto s = brought_up(with(strategy::one_for_one), three());
  EXPECT_EQ(s.gone("b", crash("exited with code 7")), "report child_terminated b; restart b#2");
  EXPECT_EQ(s.why_started("b"), (cause{cause::kind::own_exit, {}, "exited with code 7", {}}));
  EXPECT_EQ(s.started("b"), "");
  EXPECT_EQ(s.state(), "a#1 b#2 c#1");
}

TEST(SupervisionRestart, ItsCausesReadAsSentences) {
  auto s = brought_up(with(strategy::one_for_all), {worker("a"), worker("b")});
  (void)s.gone("a", crash("exited with code 7"));
  (void)s.gone("b");
  EXPECT_EQ(phrase(s.why_started("a")), "because it exited with code 7");
  (void)s.started("a");
  EXPECT_EQ(phrase(s.why_started("b")), "because sibling a exited with code 7 (one_for_all)");
  (void)s.refused("b", "no such file");
  (void)s.retry_now();
  (void)s.answer_all();
  EXPECT_EQ(phrase(s.why_started("b")), "because its last start failed: no such file");
  EXPECT_EQ(phrase(s.why_started("a")), "because the start of b failed: no such file");
}

TEST(SupervisionRestart, OneForAllStopsInReverseAndStartsInOrder) {
  auto s = brought_up(with(strategy::one_for_all), three());
  EXPECT_EQ(s.gone("b", crash("exited with code 7")), "report child_terminated b; stop c#1");
  EXPECT_EQ(s.answer_all(), "stop a#1; restart a#2; restart b#2; restart c#2");
  const cause along{cause::kind::sibling_exit, "b", "exited with code 7", "one_for_all"};
  EXPECT_EQ(s.why_stopped("c"), along);
  EXPECT_EQ(s.why_started("a"), along);
  EXPECT_EQ(s.why_started("b").what, cause::kind::own_exit);
  EXPECT_EQ(s.machine().restarts().size(), 1U) << "one restart, however many children it moves";
}

TEST(SupervisionRestart, RestForOneTakesAlongWhatComesAfter) {
  auto s = brought_up(with(strategy::rest_for_one), three());
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; stop c#1");
  EXPECT_EQ(s.answer_all(), "restart b#2; restart c#2");
  EXPECT_EQ(s.why_started("c").strategy, "rest_for_one");
  EXPECT_EQ(s.state(), "a#1 b#2 c#2");
}

TEST(SupervisionRestart, AGroupRestartRevivesStoppedSiblings) {
  auto s = brought_up(with(strategy::one_for_all), three());
  (void)s.call_for(op::terminate_child, "a");
  (void)s.gone("a");
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; stop c#1");
  EXPECT_EQ(s.answer_all(), "restart a#2; restart b#2; restart c#2");
}

TEST(SupervisionRestart, ATemporarySiblingLeavesWithItsGroup) {
  auto s = brought_up(with(strategy::one_for_all), {worker("a"), worker("b", restart_kind::temporary), worker("c")});
  (void)s.gone("a", crash());
  EXPECT_EQ(s.answer_all(), "stop b#1; restart a#2; restart c#2");
  EXPECT_EQ(s.state(), "a#2 c#2");
}

TEST(SupervisionRestart, ATransientChildThatEndedCleanlyIsLeftAlone) {
  auto s = brought_up(with(strategy::one_for_all), {worker("a", restart_kind::transient), worker("b")});
  EXPECT_EQ(s.gone("a", reason(kind::normal)), "settled a finished");
  EXPECT_EQ(s.state(), "a- b#1");
}

TEST(SupervisionRestart, ATemporaryChildIsForgottenAndItsCrashReported) {
  const auto temporary = restart_kind::temporary;
  auto s = brought_up(with(strategy::one_for_all), {worker("a", temporary), worker("b", temporary), worker("c")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; settled a finished removed");
  EXPECT_EQ(s.gone("b", reason(kind::normal)), "settled b finished removed");
  EXPECT_EQ(s.state(), "c#1");
}

TEST(SupervisionRestart, TheExitOfAnOlderProcessIsIgnored) {
  auto s = brought_up(with(strategy::one_for_one), {worker("a")});
  (void)s.gone("a", crash());
  (void)s.started("a");
  EXPECT_EQ(s.tell(child_gone{"a", 1, crash()}), "");
  EXPECT_EQ(s.tell(child_gone{"nobody", 1, crash()}), "");
  EXPECT_EQ(s.state(), "a#2");
}

TEST(SupervisionRestart, SimultaneousDeathsAreOneRestartInOneForAll) {
  auto s = brought_up(with(strategy::one_for_all), three());
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; stop c#1");
  EXPECT_EQ(s.gone("a", crash()), "");
  EXPECT_EQ(s.gone("c"), "report shutdown_error a; restart a#2");
  EXPECT_EQ(s.answer_all(), "restart b#2; restart c#2");
  EXPECT_EQ(s.questions().size(), 1U);
}

TEST(SupervisionRestart, SimultaneousDeathsAreOneRestartEachInOneForOne) {
  auto s = brought_up(with(strategy::one_for_one), three());
  (void)s.gone("b", crash());
  EXPECT_EQ(s.gone("a", crash()), "");
  EXPECT_EQ(s.started("b"), "report child_terminated a; restart a#2");
  EXPECT_EQ(s.questions().size(), 2U);
}

TEST(SupervisionRestart, TheDeathOfAnEarlierSiblingIsASecondRestartInRestForOne) {
  auto s = brought_up(with(strategy::rest_for_one), three());
  (void)s.gone("b", crash());
  (void)s.gone("a", crash());
  EXPECT_EQ(s.gone("c"), "restart b#2");
  EXPECT_EQ(s.started("b"), "restart c#2");
  EXPECT_EQ(s.started("c"), "report child_terminated a; stop c#2");
  EXPECT_EQ(s.answer_all(), "stop b#2; restart a#2; restart b#3; restart c#3");
}

TEST(SupervisionRetry, AFailedAttemptIsRepeatedThroughTheMailboxAndCountedAgain) {
  auto s = brought_up(with(strategy::one_for_one), three());
  (void)s.gone("a", crash());
  EXPECT_EQ(s.refused("a", "no such file"), "report start_error a; retry a in 0s");
  EXPECT_EQ(s.state(), "a? b#1 c#1");
  EXPECT_EQ(s.call_for(op::delete_child, "a"), "reply 1 restarting") << "what arrives before the retry is served";
  EXPECT_EQ(s.retry_now(), "restart a#3");
  EXPECT_EQ(s.why_started("a"), (cause{cause::kind::failed_attempt, {}, "no such file", {}}));
  EXPECT_EQ(s.machine().restarts().size(), 2U);
}

TEST(SupervisionRetry, InRestForOneItBeginsAtTheChildThatFailed) {
  auto s = brought_up(with(strategy::rest_for_one), three());
  (void)s.gone("a", crash());
  (void)s.gone("c");
  (void)s.gone("b");
  EXPECT_EQ(s.started("a"), "restart b#2");
  EXPECT_EQ(s.refused("b"), "report start_error b; retry b in 0s");
  EXPECT_EQ(s.state(), "a#2 b? c-");
  EXPECT_EQ(s.retry_now(), "restart b#3");
  EXPECT_EQ(s.answer_all(), "restart c#2");
  EXPECT_EQ(s.state(), "a#2 b#3 c#2");
}

TEST(SupervisionRetry, InOneForAllItUndoesWhatWasRestarted) {
  auto s = brought_up(with(strategy::one_for_all), three());
  (void)s.gone("a", crash());
  (void)s.gone("c");
  (void)s.gone("b");
  (void)s.started("a");
  EXPECT_EQ(s.refused("b", "no such file"), "report start_error b; retry b in 0s");
  EXPECT_EQ(s.retry_now(), "stop a#2");
  EXPECT_EQ(s.why_stopped("a"), (cause{cause::kind::failed_attempt, "b", "no such file", "one_for_all"}));
  EXPECT_EQ(s.answer_all(), "restart a#3; restart b#3; restart c#2");
}

TEST(SupervisionRetry, IsVoidWhenAnotherGroupRestartBroughtTheChildUp) {
  auto s = brought_up(with(strategy::rest_for_one), three());
  (void)s.gone("b", crash());
  (void)s.gone("c");
  (void)s.refused("b");
  const auto stale = s.last<schedule_retry>().what;
  (void)s.gone("a", crash());
  (void)s.answer_all();
  EXPECT_EQ(s.state(), "a#2 b#3 c#2");
  EXPECT_EQ(s.tell(stale), "");
  EXPECT_EQ(s.machine().restarts().size(), 2U);
}

TEST(SupervisionRetry, AnIgnoredRestartIsTheEndOfIt) {
  auto s = brought_up(with(strategy::one_for_one), {worker("a")});
  (void)s.gone("a", crash());
  EXPECT_EQ(s.ignored("a"), "");
  EXPECT_EQ(s.state(), "a-");
}

TEST(SupervisionBackoff, TheGroupIsStoppedOnlyWhenTheDelayIsOver) {
  auto s = brought_up(with(strategy::one_for_all), {delayed("a", milliseconds{100}), worker("b")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; retry a in 100ms");
  EXPECT_EQ(s.state(), "a? b#1");
  EXPECT_EQ(s.retry_now(), "stop b#1");
  EXPECT_EQ(s.answer_all(), "restart a#2; restart b#2");
  EXPECT_EQ(s.why_started("a").what, cause::kind::own_exit);
  EXPECT_EQ(s.machine().restarts().size(), 1U) << "counted when it was planned, not again when it is due";
}

TEST(SupervisionBackoff, GrowsWithEveryAttemptUntilTheChildRanLongEnough) {
  auto s = brought_up(with(strategy::one_for_one, 100), {delayed("a", milliseconds{100})});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; retry a in 100ms");
  (void)s.retry_now();
  EXPECT_EQ(s.refused("a"), "report start_error a; retry a in 0s");
  EXPECT_EQ(s.retry_now(), "retry a in 200ms");
  (void)s.retry_now();
  (void)s.started("a");
  s.wait(milliseconds{59999});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; retry a in 400ms");
  EXPECT_EQ(s.questions().back().ran_for, milliseconds{59999});
  (void)s.retry_now();
  (void)s.started("a");
  s.wait(milliseconds{60000});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; retry a in 100ms");
  EXPECT_EQ(s.questions().back().ran_for, milliseconds{60000}) << "since its last start";
}

TEST(SupervisionBackoff, TerminateCancelsTheDelayedRestart) {
  auto s = brought_up(with(strategy::one_for_one), {delayed("a", milliseconds{100})});
  (void)s.gone("a", crash());
  EXPECT_EQ(s.call_for(op::terminate_child, "a"), "settled a; reply 1 ok");
  EXPECT_EQ(s.retry_now(), "");
  EXPECT_EQ(s.call_for(op::restart_child, "a", 2), "start a#2");
  EXPECT_EQ(s.started("a"), "reply 2 ok");
  EXPECT_EQ(s.retry_now(), "") << "the old timer is void for the new process too";
}

TEST(SupervisionBackoff, AnotherGroupRestartOvertakesTheDelay) {
  auto s = brought_up(with(strategy::one_for_all), {delayed("a", milliseconds{100}), worker("b")});
  (void)s.gone("a", crash());
  const auto timer = s.last<schedule_retry>().what;
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; restart a#2");
  EXPECT_EQ(s.answer_all(), "restart b#2");
  EXPECT_EQ(s.tell(timer), "");
  EXPECT_EQ(s.state(), "a#2 b#2");
}

TEST(SupervisionBackoff, AStopDoesNotWaitForTheDelay) {
  auto s = brought_up(with(strategy::one_for_one), {delayed("a", milliseconds{100})});
  (void)s.gone("a", crash());
  EXPECT_EQ(s.stop(), "ended");
}

TEST(SupervisionGiveUp, OneRestartTooManyStopsTheRestInReverseAndSaysWhy) {
  auto s = brought_up(with(strategy::one_for_one, 2), three());
  for (int i = 0; i < 2; ++i) {
    (void)s.gone("b", crash());
    (void)s.started("b");
  }
  EXPECT_EQ(s.gone("b", crash("was killed by SIGSEGV")), "report child_terminated b; report shutdown b; stop c#1");
  EXPECT_EQ(s.answer_all(), "stop a#1; ended");
  const auto& end = s.last<supervisor_ended>();
  EXPECT_EQ(end.reason.detail, "gave up: more than 2 restarts within 5s, the last because b was killed by SIGSEGV");
  EXPECT_TRUE(end.reason.gave_up);
  EXPECT_TRUE(is_clean(end.reason)) << "a transient supervisor that gave up is not restarted";
  EXPECT_EQ(s.why_stopped("a").what, cause::kind::gave_up);
  EXPECT_EQ(s.why_stopped("a").origin, "b");
}

TEST(SupervisionGiveUp, StartsThatFailUseUpTheIntensity) {
  auto s = brought_up(with(strategy::one_for_one, 1), {worker("a"), worker("b")});
  (void)s.gone("a", crash());
  (void)s.refused("a", "no such file");
  EXPECT_EQ(s.retry_now(), "report shutdown a; stop b#1");
  EXPECT_EQ(s.gone("b"), "ended");
  EXPECT_EQ(s.last<supervisor_ended>().reason.detail,
            "gave up: more than 1 restart within 5s, the last because a failed to start: no such file");
}

TEST(SupervisionGiveUp, RestartsOlderThanThePeriodDoNotCount) {
  auto s = brought_up(with(strategy::one_for_one, 1), {worker("a")});
  (void)s.gone("a", crash());
  (void)s.started("a");
  s.wait(milliseconds{5001});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; restart a#3");
  (void)s.started("a");
  s.wait(milliseconds{5000});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; report shutdown a; ended");
}

TEST(SupervisionAutoShutdown, AnySignificantChildThatEndsTakesTheSupervisorAlong) {
  auto s = brought_up({strategy::one_for_one, {}, auto_shutdown::any_significant},
                      {worker("a"), significant("b"), significant("c")});
  EXPECT_EQ(s.gone("c", crash()), "report child_terminated c; restart c#2") << "a restart is no end";
  (void)s.started("c");
  EXPECT_EQ(s.gone("b", reason(kind::normal)), "settled b finished; stop c#2");
  EXPECT_EQ(s.answer_all(), "stop a#1; ended");
  EXPECT_EQ(s.why_stopped("a").what, cause::kind::auto_shutdown);
  EXPECT_EQ(s.last<supervisor_ended>().reason.detail, "shut itself down because b ended");
  EXPECT_FALSE(s.last<supervisor_ended>().reason.gave_up);
}

TEST(SupervisionAutoShutdown, AllMustHaveEndedWhereAllAreAskedFor) {
  auto s = brought_up({strategy::one_for_one, {}, auto_shutdown::all_significant},
                      {significant("a", restart_kind::temporary), significant("b"), worker("c")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; settled a finished removed");
  EXPECT_EQ(s.gone("b", reason(kind::normal)), "settled b finished; stop c#1");
}

TEST(SupervisionAutoShutdown, AStopByHandCountsAsGoneButTriggersNothing) {
  auto s =
      brought_up({strategy::one_for_one, {}, auto_shutdown::all_significant}, {significant("a"), significant("b")});
  (void)s.call_for(op::terminate_child, "a");
  EXPECT_EQ(s.gone("a"), "settled a; reply 1 ok");
  EXPECT_EQ(s.gone("b", reason(kind::normal)), "settled b finished; ended");
}

TEST(SupervisionAutoShutdown, AGroupRestartTriggersNothing) {
  auto s = brought_up({strategy::one_for_all, {}, auto_shutdown::any_significant}, {worker("a"), significant("b")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; stop b#1");
  EXPECT_EQ(s.answer_all(), "restart a#2; restart b#2");
}

TEST(SupervisionAutoShutdown, AnInsignificantChildMayEnd) {
  auto s = brought_up({strategy::one_for_one, {}, auto_shutdown::any_significant},
                      {worker("a", restart_kind::transient), significant("b")});
  EXPECT_EQ(s.gone("a", reason(kind::normal)), "settled a finished");
  EXPECT_FALSE(s.machine().ended());
}

} // namespace
} // namespace alder::policy
