#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;
using kind = exit_reason::kind;

supervisor_rules pool_rules(unsigned max_restarts = 3) {
  return {strategy::simple_one_for_one, {max_restarts, milliseconds{5000}}, auto_shutdown::never};
}

/// A pool "t" with the instances a and b.
supervision_script pool_of_two(restart_kind restart = restart_kind::permanent) {
  supervision_script s{pool_rules(), {worker("a", restart), worker("b", restart)}, worker("t", restart)};
  s.bring_up();
  return s;
}

TEST(SupervisionPool, ANewInstanceFollowsTheTemplate) {
  auto s = pool_of_two(restart_kind::temporary);
  EXPECT_EQ(s.add(worker("c", restart_kind::permanent)), "start c#1");
  (void)s.started("c");
  EXPECT_EQ(s.gone("c", crash()), "report child_terminated c; settled c finished removed");
}

TEST(SupervisionPool, EachInstanceIsRestartedOnItsOwn) {
  auto s = pool_of_two();
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; restart a#2");
  EXPECT_EQ(s.state(), "a- b#1");
}

TEST(SupervisionPool, AnInstanceThatEndsForGoodIsForgottenThoughItIsTransient) {
  auto s = pool_of_two(restart_kind::transient);
  EXPECT_EQ(s.gone("a", reason(kind::normal)), "settled a finished removed");
  EXPECT_EQ(s.state(), "b#1");
}

TEST(SupervisionPool, AStopAsksAllAtOnceAndReportsEachSurprisingReasonOnce) {
  auto s = pool_of_two();
  (void)s.add(worker("c"));
  (void)s.started("c");
  EXPECT_EQ(s.stop(), "stop c#1; stop b#1; stop a#1");
  EXPECT_EQ(s.gone("b", crash()), "");
  EXPECT_EQ(s.gone("c", crash()), "");
  EXPECT_EQ(s.gone("a"), "report shutdown_error t; ended");
}

TEST(SupervisionPool, AnInstanceThatDiedDuringAStopIsNotAskedAgain) {
  auto s = pool_of_two();
  (void)s.call_for(op::stop_child, "a");
  EXPECT_EQ(s.gone("b", crash()), "");
  EXPECT_EQ(s.stop(), "");
  EXPECT_EQ(s.gone("a"), "settled a removed; reply 1 ok; report child_terminated b; restart b#2; abort b#2");
}

TEST(SupervisionPool, OtpsCallsKnowProcessesAndNoNames) {
  auto s = pool_of_two();
  EXPECT_EQ(s.call_for(op::terminate_child, "a"), "reply 1 simple_one_for_one");
  EXPECT_EQ(s.call_for(op::restart_child, "a"), "reply 1 simple_one_for_one");
  EXPECT_EQ(s.call_for(op::delete_child, "a"), "reply 1 simple_one_for_one");
  (void)s.gone("a", crash());
  (void)s.started("a");
  EXPECT_EQ(s.terminate_process("a", 1), "reply 1 not_found") << "that process is gone";
  EXPECT_EQ(s.terminate_process("a", 2), "stop a#2");
  EXPECT_EQ(s.gone("a"), "settled a removed; reply 1 ok");
}

TEST(SupervisionPool, TheLastProcessOfARestartingInstanceStandsForIt) {
  auto s = pool_of_two();
  (void)s.gone("a", crash());
  EXPECT_EQ(s.refused("a"), "report start_error a; retry a in 0s");
  EXPECT_EQ(s.terminate_process("a", 1), "settled a removed; reply 1 ok");
  EXPECT_EQ(s.retry_now(), "") << "the retry is void";
  EXPECT_EQ(s.state(), "b#1");
}

TEST(SupervisionPool, AnIgnoredRestartLeavesNothingBehind) {
  auto s = pool_of_two();
  (void)s.gone("a", crash());
  EXPECT_EQ(s.ignored("a"), "");
  EXPECT_EQ(s.state(), "b#1");
}

TEST(SupervisionPool, AllSignificantMeansThatThePoolIsEmpty) {
  auto rules = pool_rules();
  rules.auto_shutdown = auto_shutdown::all_significant;
  supervision_script s{rules, {significant("a"), significant("b")}, significant("t")};
  s.bring_up();
  EXPECT_EQ(s.gone("a", reason(kind::normal)), "settled a finished removed");
  EXPECT_EQ(s.gone("b", reason(kind::normal)), "settled b finished removed; ended");
}

} // namespace
} // namespace alder::policy
