#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

supervisor_rules with(strategy s, unsigned max_restarts = 3) {
  return {s, {max_restarts, milliseconds{5000}}, auto_shutdown::never};
}

TEST(SupervisionUpgrade, StartsAndStopsNothing) {
  supervision_script s{{}, {worker("a"), worker("b"), worker("c")}};
  s.bring_up();
  EXPECT_EQ(s.upgrade_to({}, {worker("c"), worker("new"), worker("a")}), "reply 1 ok");
  EXPECT_EQ(s.state(), "c#1 new- a#1 b#1") << "the new order, then those that are not in it";
}

TEST(SupervisionUpgrade, NewRulesCountFromTheNextExitOn) {
  supervision_script s{with(strategy::one_for_one), {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.upgrade_to(with(strategy::rest_for_one), {worker("a", restart_kind::transient), worker("b")});
  EXPECT_EQ(s.gone("a", reason(exit_reason::kind::normal)), "settled a finished");
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; restart b#2");
}

TEST(SupervisionUpgrade, AGroupRestartStartsWhatWasAdded) {
  supervision_script s{with(strategy::one_for_all), {worker("a")}};
  s.bring_up();
  (void)s.upgrade_to(with(strategy::one_for_all), {worker("a"), worker("new")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; restart a#2");
  EXPECT_EQ(s.started("a"), "restart new#1");
}

TEST(SupervisionUpgrade, KeepsTheRestartsThatCount) {
  supervision_script s{with(strategy::one_for_one, 2), {worker("a")}};
  s.bring_up();
  (void)s.gone("a", crash());
  (void)s.started("a");
  (void)s.upgrade_to(with(strategy::one_for_one, 1), {worker("a")});
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; report shutdown a; ended");
}

TEST(SupervisionUpgrade, AFaultChangesNothing) {
  supervision_script s{with(strategy::one_for_one), {worker("a")}};
  s.bring_up();
  EXPECT_EQ(s.upgrade_to(with(strategy::one_for_all, 9), {worker("b"), worker("b")}), "reply 1 duplicate_child_name:b");
  EXPECT_EQ(s.upgrade_to(with(strategy::one_for_all, 9), {significant("b")}),
            "reply 1 bad_combination:auto_shutdown+significant");
  EXPECT_EQ(s.upgrade_to(with(strategy::simple_one_for_one), {worker("b")}), "reply 1 invalid_strategy");
  EXPECT_EQ(s.state(), "a#1");
  EXPECT_EQ(s.machine().rules(), with(strategy::one_for_one));
}

TEST(SupervisionUpgrade, ReplacesTheTemplateOfAPoolAndLeavesItsInstances) {
  supervision_script s{with(strategy::simple_one_for_one), {worker("a")}, worker("t")};
  s.bring_up();
  EXPECT_EQ(s.upgrade_to(with(strategy::simple_one_for_one), {worker("t"), worker("u")}), "reply 1 bad_start_spec");
  EXPECT_EQ(s.upgrade_to(with(strategy::simple_one_for_one), {worker("t", restart_kind::temporary)}), "reply 1 ok");
  EXPECT_EQ(s.state(), "a#1");
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; settled a finished removed");
}

TEST(SupervisionUpgrade, WaitsForTheGroupThatMoves) {
  supervision_script s{with(strategy::one_for_all), {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.gone("a", crash());
  EXPECT_EQ(s.upgrade_to(with(strategy::one_for_one), {worker("a")}), "");
  (void)s.gone("b");
  (void)s.started("a");
  EXPECT_EQ(s.started("b"), "reply 1 ok");
}

TEST(SupervisionQuestion, IsAnsweredInTurn) {
  supervision_script s{{}, {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.call_for(call::op::terminate_child, "a", 1);
  EXPECT_EQ(s.tell(question{2}), "");
  EXPECT_EQ(s.gone("a"), "settled a; reply 1 ok; children 2 a b");
}

TEST(SupervisionOptions, AStickyStopOutlastsTheRestartOfItsGroup) {
  auto rules = with(strategy::one_for_all);
  rules.sticky_stop = true;
  supervision_script s{rules, {worker("a"), worker("b"), worker("c")}};
  s.bring_up();
  (void)s.call_for(call::op::stop_child, "b");
  (void)s.gone("b");
  (void)s.gone("a", crash());
  (void)s.gone("c");
  EXPECT_EQ(s.started("a"), "restart c#2");
  (void)s.started("c");
  EXPECT_EQ(s.call_for(call::op::start_now, "b"), "start b#2") << "until it is started by hand";
}

TEST(SupervisionOptions, AFinishedStartIsWhatOtpWouldWaitFor) {
  supervisor_rules patient;
  patient.finish_starts = true;
  supervision_script s{patient, {worker("a"), worker("b")}};
  (void)s.tell(begin{});
  EXPECT_EQ(s.stop(), "") << "no start is cut short";
  EXPECT_EQ(s.started("a"), "start b#1");
  EXPECT_EQ(s.started("b"), "up; stop b#1");
}

TEST(FaultIn, SpeaksInOtpsWordsAndOrder) {
  EXPECT_EQ(fault_in({worker("a"), worker("a"), significant("b")}, auto_shutdown::never), "duplicate_child_name:a");
  EXPECT_EQ(fault_in({significant("b", restart_kind::permanent)}, auto_shutdown::any_significant),
            "bad_combination:restart+significant");
  EXPECT_EQ(fault_in({significant("b")}, std::nullopt), "");
  EXPECT_EQ(fault_in({}, auto_shutdown::never), "");
}

} // namespace
} // namespace alder::policy
