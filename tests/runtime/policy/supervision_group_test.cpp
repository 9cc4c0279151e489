#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

supervisor_rules parallel(strategy how = strategy::one_for_one) {
  supervisor_rules rules;
  rules.strategy = how;
  rules.parallel_start = true;
  return rules;
}

child_rules waiting(const std::string& id, std::vector<std::string> after) {
  auto rules = worker(id);
  rules.after = std::move(after);
  return rules;
}

/// c waits for a, d for a and b.
std::vector<child_rules> diamond() { return {worker("a"), worker("b"), waiting("c", {"a"}), waiting("d", {"a", "b"})}; }

TEST(SupervisionGroup, StartsTogetherWhateverNeedNotWait) {
  supervision_script s{parallel(), diamond()};
  EXPECT_EQ(s.tell(begin{}), "start a#1; start b#1");
  EXPECT_EQ(s.started("b"), "");
  EXPECT_EQ(s.started("a"), "start c#1; start d#1");
  EXPECT_EQ(s.started("d"), "");
  EXPECT_TRUE(s.machine().busy());
  EXPECT_EQ(s.started("c"), "up");
  EXPECT_FALSE(s.machine().busy());
}

TEST(SupervisionGroup, StopsInReverseOrderAllTheSame) {
  supervision_script s{parallel(), diamond()};
  s.bring_up();
  EXPECT_EQ(s.stop(), "stop d#1");
  EXPECT_EQ(s.gone("d"), "stop c#1");
}

TEST(SupervisionGroup, AFailedFirstStartCutsTheOthersShortAndIsUnwound) {
  supervision_script s{parallel(), diamond()};
  (void)s.tell(begin{});
  EXPECT_EQ(s.refused("a"), "report start_error a; abort b#1");
  EXPECT_EQ(s.started("b"), "stop b#1"); // it was quicker than that
  EXPECT_EQ(s.gone("b"), "failed a: no such file");
}

TEST(SupervisionGroup, OnlyTheFirstFailureIsReported) {
  supervision_script s{parallel(), diamond()};
  (void)s.tell(begin{});
  (void)s.refused("a");
  EXPECT_EQ(s.refused("b", "was stopped while starting"), "failed a: no such file");
}

TEST(SupervisionGroup, AnIgnoredChildHoldsNobodyUp) {
  supervision_script s{parallel(), diamond()};
  (void)s.tell(begin{});
  (void)s.ignored("a");
  EXPECT_EQ(s.started("b"), "start d#1");
  EXPECT_EQ(s.state(), "a- b#1 c- d-");
}

TEST(SupervisionGroup, WhatDiesMeanwhileIsHandledAfterIt) {
  supervision_script s{parallel(), diamond()};
  (void)s.tell(begin{});
  (void)s.started("a");
  EXPECT_EQ(s.gone("a", crash()), "");
  (void)s.started("b");
  (void)s.started("c");
  EXPECT_EQ(s.started("d"), "up; report child_terminated a; restart a#2");
}

TEST(SupervisionGroup, AGroupRestartIsParallelToo) {
  supervision_script s{parallel(strategy::rest_for_one), diamond()};
  s.bring_up();
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; stop d#1");
  EXPECT_EQ(s.gone("d"), "stop c#1");
  EXPECT_EQ(s.gone("c"), "restart b#2; restart c#2"); // a is up: only d has to wait, for b
  (void)s.started("c");
  EXPECT_EQ(s.started("b"), "restart d#2");
  EXPECT_EQ(s.started("d"), "");
  EXPECT_EQ(s.state(), "a#1 b#2 c#2 d#2");
}

TEST(SupervisionGroup, AFailedRestartLeavesThoseAfterItDownUntilItsRetry) {
  supervision_script s{parallel(strategy::one_for_all), diamond()};
  s.bring_up();
  (void)s.gone("a", crash());
  (void)s.gone("d");
  (void)s.gone("c");
  EXPECT_EQ(s.gone("b"), "restart a#2; restart b#2");
  EXPECT_EQ(s.refused("a"), "report start_error a; retry a in 0s");
  EXPECT_EQ(s.started("b"), "");
  EXPECT_EQ(s.state(), "a? b#2 c- d-");
  EXPECT_EQ(s.retry_now(), "stop b#2");
  EXPECT_EQ(s.gone("b"), "restart a#3; restart b#3");
}

TEST(SupervisionGroup, AStopCutsAllOfItShort) {
  supervision_script s{parallel(), diamond()};
  (void)s.tell(begin{});
  EXPECT_EQ(s.stop(), "abort a#1; abort b#1");
  EXPECT_EQ(s.refused("a", "was stopped"), "report start_error a; abort b#1");
  EXPECT_EQ(s.refused("b", "was stopped"), "failed a: was stopped");
}

TEST(SupervisionGroup, AStopOfOneChildCutsThatShort) {
  supervision_script s{parallel(strategy::one_for_all), {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.gone("a", crash());
  (void)s.gone("b");
  EXPECT_EQ(s.call_for(call::op::stop_child, "b"), "abort b#2");
}

TEST(SupervisionGroup, ChildrenThatWaitInACircleStartAllTheSame) {
  supervision_script s{parallel(), {waiting("a", {"b"}), waiting("b", {"a"})}};
  EXPECT_EQ(s.tell(begin{}), "start a#1");
  EXPECT_EQ(s.started("a"), "start b#1");
}

TEST(SupervisionGroup, NotMoreThan64StartsAreUnderWay) {
  std::vector<child_rules> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(worker("w" + std::to_string(i)));
  supervision_script s{parallel(), many};
  const auto words = s.tell(begin{});
  EXPECT_NE(words.find("start w63#1"), std::string::npos);
  EXPECT_EQ(words.find("start w64#1"), std::string::npos);
  EXPECT_EQ(s.started("w7"), "start w64#1");
}

TEST(SupervisionGroup, WithoutParallelStartTheOrderDecides) {
  supervision_script s{{}, diamond()};
  EXPECT_EQ(s.tell(begin{}), "start a#1");
  EXPECT_EQ(s.started("a"), "start b#1");
}

TEST(SupervisionGroup, ASuccessorResumesInParallel) {
  supervision_script s{parallel(), diamond()};
  begin again;
  again.resume = true;
  EXPECT_EQ(s.tell(again), "start a#1; start b#1");
}

} // namespace
} // namespace alder::policy
