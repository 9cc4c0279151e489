// A supervisor that is starting or ending when it is lost: its successor goes on as if nothing had happened.
#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;
using kind = unfinished_work::kind;

constexpr time_point start_of_test{};

std::vector<child_rules> three() { return {worker("a"), worker("b"), worker("c")}; }

supervisor_rules patience(unsigned restarts, strategy how = strategy::one_for_one) {
  return {how, {restarts, milliseconds{5000}}, auto_shutdown::never};
}

begin resume(const supervision& former, std::map<std::string, generation> running, bool was_up = true) {
  begin e{.resume = true, .down = {}, .why = {}, .memory = former.memory(), .running = {}};
  e.was_up = was_up;
  for (const auto& [id, gen] : running)
    e.running[id] = {gen, start_of_test};
  return e;
}

TEST(SupervisionEnds, OneThatWasGivingUpGoesOnAndSaysTheSame) {
  for (const auto how : {strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one}) {
    supervision_script s{patience(0, how), three()};
    s.bring_up();
    EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; report shutdown b; stop c#1");
    EXPECT_EQ(s.gone("c"), "stop a#1"); // and here the daemon dies
    ASSERT_TRUE(s.machine().memory().under_way);
    EXPECT_EQ(s.machine().memory().under_way->what, kind::end);
    supervision_script next{patience(0, how), three()};
    EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}})), "start a#1");
    EXPECT_EQ(next.started("a"), "up; stop a#1");
    EXPECT_EQ(next.why_stopped("a").what, cause::kind::gave_up);
    supervision_script third{patience(0, how), three()}; // and the next one dies as well
    EXPECT_EQ(third.tell(resume(next.machine(), {{"a", 1}})), "start a#1");
    (void)third.started("a");
    EXPECT_EQ(third.gone("a"), "ended");
    (void)s.gone("a");
    EXPECT_EQ(third.last<supervisor_ended>().reason.detail, s.last<supervisor_ended>().reason.detail);
    EXPECT_EQ(third.last<supervisor_ended>().reason.detail,
              "gave up: more than 0 restarts within 5s, the last because b exited with code 1");
    EXPECT_TRUE(third.last<supervisor_ended>().reason.gave_up);
    EXPECT_EQ(third.last<supervisor_ended>().why, s.last<supervisor_ended>().why);
  }
}

TEST(SupervisionEnds, OneThatHadEndedBeforeAnybodyHeardOfItEndsAtOnce) {
  supervision_script s{patience(0), {worker("a")}};
  s.bring_up();
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; report shutdown a; ended");
  supervision_script next{patience(0), {worker("a")}};
  EXPECT_EQ(next.tell(resume(s.machine(), {})), "up; ended");
}

TEST(SupervisionEnds, OneThatWasShuttingItselfDownGoesOn) {
  const supervisor_rules rules{strategy::one_for_one, {3, milliseconds{5000}}, auto_shutdown::any_significant};
  const std::vector<child_rules> children{worker("a"), significant("b")};
  supervision_script s{rules, children};
  s.bring_up();
  EXPECT_EQ(s.gone("b", reason(exit_reason::kind::normal)), "settled b finished; stop a#1");
  supervision_script next{rules, children};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}})), "start a#1");
  EXPECT_EQ(next.started("a"), "up; stop a#1");
  EXPECT_EQ(next.why_stopped("a").what, cause::kind::auto_shutdown);
  EXPECT_EQ(next.gone("a"), "ended");
  EXPECT_EQ(next.last<supervisor_ended>().reason.detail, "shut itself down because b ended");
  EXPECT_FALSE(next.last<supervisor_ended>().reason.gave_up);
}

TEST(SupervisionEnds, APoolThatWasGivingUpGoesOn) {
  const auto rules = patience(0, strategy::simple_one_for_one);
  supervision_script s{rules, three(), worker("pool")};
  s.bring_up();
  (void)s.gone("b", crash());
  supervision_script next{rules, three(), worker("pool")};
  (void)next.tell(resume(s.machine(), {{"a", 1}, {"c", 1}}));
  EXPECT_EQ(next.answer_all().find("restart"), std::string::npos);
  EXPECT_TRUE(next.machine().ended());
  EXPECT_TRUE(next.last<supervisor_ended>().reason.gave_up);
}

TEST(SupervisionEnds, AStopFromAboveIsNotRememberedByTheOneThatIsStopped) {
  supervision_script s{patience(3), three()};
  s.bring_up();
  (void)s.stop();
  EXPECT_FALSE(s.machine().memory().under_way); // the one above remembers it
}

TEST(SupervisionEnds, AStartThatWasBeingUndoneFails) {
  supervision_script s{patience(3), three()};
  (void)s.tell(begin{});
  (void)s.started("a");
  EXPECT_EQ(s.refused("b", "no such file"), "report start_error b; stop a#1");
  supervision_script next{patience(3), three()};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}}, /*was_up=*/false)), "start a#1");
  EXPECT_EQ(next.started("a"), "stop a#1");
  EXPECT_EQ(next.why_stopped("a").what, cause::kind::start_unwound);
  EXPECT_EQ(next.gone("a"), "failed b: no such file");
}

TEST(SupervisionEnds, AStartUnderWayIsUndoneWhenALaterChildFails) {
  for (const bool parallel : {false, true}) {
    auto rules = patience(3);
    rules.parallel_start = parallel;
    supervision_script s{rules, {worker("a"), worker("b")}};
    (void)s.tell(begin{});
    (void)s.started("a");
    supervision_script next{rules, {worker("a"), worker("b")}};
    (void)next.tell(resume(s.machine(), {{"a", 1}}, /*was_up=*/false));
    (void)next.started("a");
    EXPECT_EQ(next.refused("b", "no such file"), "report start_error b; stop a#1") << parallel;
    EXPECT_EQ(next.gone("a"), "failed b: no such file") << parallel;
  }
}

TEST(SupervisionEnds, AStartUnderWayWhoseChildDoesNotBecomeReadyIsUndone) {
  supervision_script s{patience(3), three()};
  (void)s.tell(begin{});
  (void)s.started("a");
  supervision_script next{patience(3), three()};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}, {"b", 1}}, /*was_up=*/false)), "start a#1");
  EXPECT_EQ(next.started("a"), "start b#1");
  EXPECT_EQ(next.refused("b", "timed out"), "report start_error b; stop a#1");
}

TEST(SupervisionEnds, AStartUnderWaySucceedsAndIsOver) {
  supervision_script s{patience(3), three()};
  begin first;
  first.keep_going = true;
  (void)s.tell(first);
  (void)s.started("a");
  ASSERT_TRUE(s.machine().memory().under_way);
  EXPECT_TRUE(s.machine().memory().under_way->keep_going);
  supervision_script next{patience(3), three()};
  (void)next.tell(resume(s.machine(), {{"a", 1}}, /*was_up=*/false));
  EXPECT_TRUE(next.machine().memory().under_way);
  (void)next.answer_all();
  EXPECT_EQ(next.state(), "a#1 b#1 c#1");
  EXPECT_FALSE(next.machine().memory().under_way);
}

TEST(SupervisionEnds, AStartThatSomebodyAskedForFailsOnceAndIsNotRetried) {
  supervision_script s{patience(3), three()};
  s.bring_up();
  (void)s.call_for(op::terminate_child, "b");
  (void)s.answer_all();
  (void)s.call_for(op::start_now, "b");
  auto told = resume(s.machine(), {{"a", 1}, {"b", 2}, {"c", 1}});
  told.running["b"].starting = true;
  supervision_script next{patience(3), three()};
  (void)next.tell(told);
  (void)next.started("a");
  EXPECT_EQ(next.started("c"), "up; start b#2");
  EXPECT_EQ(next.refused("b").find("retry"), std::string::npos);
  EXPECT_EQ(next.state(), "a#1 b- c#1");
  EXPECT_TRUE(next.last<child_settled>().failed);
}

TEST(SupervisionEnds, ARestartWhoseFirstMemberFailsStartsNoneOfTheOthers) {
  const auto rules = patience(3, strategy::one_for_all);
  supervision_script s{rules, {worker("a"), worker("b")}};
  s.bring_up();
  (void)s.gone("b", crash());
  (void)s.gone("a"); // restart a#2 is on its way
  auto told = resume(s.machine(), {{"a", 2}});
  told.running["a"].starting = true;
  supervision_script next{rules, {worker("a"), worker("b")}};
  EXPECT_EQ(next.tell(told), "up; start a#2");
  EXPECT_EQ(next.refused("a").find("restart b"), std::string::npos);
}

} // namespace
} // namespace alder::policy
