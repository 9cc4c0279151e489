#include "tests/runtime/policy/supervision_script.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using op = call::op;

constexpr time_point start_of_test{};

std::vector<child_rules> three() { return {worker("a"), worker("b"), worker("c")}; }

supervisor_rules rules(strategy how = strategy::one_for_one, intensity most = {3, milliseconds{5000}}) {
  return {how, most, auto_shutdown::never};
}

/// What a successor is told: `running` are the generations that are still there.
begin resume(const supervision& former, std::map<std::string, generation> running, std::set<std::string> down = {}) {
  begin e{.resume = true, .down = std::move(down), .why = {}, .memory = former.memory(), .running = {}};
  for (const auto& [id, gen] : running)
    e.running[id] = {gen, start_of_test};
  return e;
}

TEST(SupervisionMemory, IsEmptyWhileNothingHasEnded) {
  supervision_script s{rules(), three()};
  s.bring_up();
  EXPECT_EQ(s.machine().memory(), supervision_memory{});
  supervision_memory written;
  (void)s.machine().update(written); // that it was starting
  EXPECT_EQ(written, supervision_memory{});
  EXPECT_FALSE(s.machine().memory_changed());
}

TEST(SupervisionMemory, TheRestartWindowIsNotReset) {
  supervision_script s{rules(), three()};
  s.bring_up();
  for (int i = 0; i < 3; ++i) {
    (void)s.gone("a", crash());
    (void)s.answer_all();
  }
  supervision_script next{rules(), three()};
  (void)next.tell(resume(s.machine(), {{"a", 4}, {"b", 1}, {"c", 1}}));
  (void)next.answer_all();
  EXPECT_EQ(next.state(), "a#4 b#1 c#1");
  EXPECT_EQ(next.machine().restarts().size(), 3u);
  EXPECT_NE(next.gone("b", crash()).find("report shutdown b"), std::string::npos); // the fourth
}

TEST(SupervisionMemory, ABackoffGoesOnWhereItWas) {
  supervision_script s{rules(), {delayed("a", milliseconds{1000}), worker("b")}};
  s.bring_up();
  EXPECT_EQ(s.gone("a", crash()), "report child_terminated a; retry a in 1s");
  supervision_script next{rules(), {delayed("a", milliseconds{1000}), worker("b")}};
  next.wait(milliseconds{400});
  EXPECT_EQ(next.tell(resume(s.machine(), {{"b", 1}})), "retry a in 600ms; start b#1");
  (void)next.started("b");
  EXPECT_EQ(next.state(), "a? b#1");
  EXPECT_EQ(next.retry_now(), "restart a#2"); // counted before, so nobody is asked
  (void)next.started("a");
  EXPECT_EQ(next.gone("a", crash()), "report child_terminated a; retry a in 2s");
}

TEST(SupervisionMemory, TheLimitsOfAChildGoOnCounting) {
  auto hasty = worker("a");
  hasty.restart_limit = {milliseconds{1000}, /*max_unstable=*/3, /*hourly=*/2};
  const supervisor_rules generous = rules(strategy::one_for_one, {100, milliseconds{5000}});
  supervision_script s{generous, {hasty, worker("b")}};
  s.bring_up();
  for (int i = 0; i < 2; ++i) {
    (void)s.gone("a", crash());
    (void)s.answer_all();
  }
  EXPECT_EQ(s.machine().memory().children.at("a").limits.unstable, 2u);

  supervision_script paused{generous, {hasty, worker("b")}};
  paused.wait(milliseconds{600'000});
  (void)paused.tell(resume(s.machine(), {{"a", 3}, {"b", 1}}));
  (void)paused.answer_all();
  paused.wait(milliseconds{600'000}); // it lasts, and ends within the hour
  EXPECT_EQ(paused.gone("a", crash()), "report child_terminated a; retry a in 40m");

  supervision_script failing{generous, {hasty, worker("b")}};
  (void)failing.tell(resume(s.machine(), {{"a", 3}, {"b", 1}}));
  (void)failing.answer_all();
  EXPECT_EQ(failing.machine().memory().children.at("a").limits.unstable, 2u);
}

TEST(SupervisionMemory, ARestartByHandForgetsTheLimitsInTheJournalToo) {
  auto hasty = worker("a");
  hasty.restart_limit.hourly = 2;
  supervision_script s{rules(), {hasty}};
  s.bring_up();
  (void)s.gone("a", crash());
  (void)s.answer_all();
  auto kept = s.machine().memory();
  EXPECT_EQ(kept.children.at("a").limits.hourly.size(), 1u);
  (void)s.call_for(op::stop_and_start, "a");
  (void)s.answer_all();
  EXPECT_EQ(s.machine().memory().children.at("a").limits, restart_memory{});
}

TEST(SupervisionMemory, AGroupRestartIsFinishedWithoutCountingItAgain) {
  supervision_script s{rules(strategy::one_for_all), three()};
  s.bring_up();
  EXPECT_EQ(s.gone("b", crash()), "report child_terminated b; stop c#1");
  EXPECT_EQ(s.gone("c"), "stop a#1"); // and here the daemon dies
  supervision_script next{rules(strategy::one_for_all), three()};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}})), "start a#1");
  EXPECT_EQ(next.started("a"), "stop a#1");
  EXPECT_EQ(next.gone("a"), "restart a#2");
  EXPECT_EQ(next.started("a"), "restart b#2");
  EXPECT_EQ(next.started("b"), "restart c#2");
  EXPECT_EQ(next.started("c"), "resumed restart b; up");
  EXPECT_EQ(next.machine().restarts().size(), 1u);
  EXPECT_FALSE(next.machine().memory().under_way);
}

TEST(SupervisionMemory, WhatAGroupRestartHasStartedAlreadyIsLeftAlone) {
  supervision_script s{rules(strategy::one_for_all), three()};
  s.bring_up();
  (void)s.gone("b", crash());
  (void)s.gone("c");
  (void)s.gone("a");
  (void)s.started("a"); // restart b#2 was on its way
  supervision_script next{rules(strategy::one_for_all), three()};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 2}})), "start a#2");
  EXPECT_EQ(next.started("a"), "restart b#3"); // nobody knows of b#2 whether it was
  EXPECT_EQ(next.started("b"), "restart c#2");
}

TEST(SupervisionMemory, AStopUnderWayIsFinished) {
  supervision_script s{rules(), three()};
  s.bring_up();
  EXPECT_EQ(s.call_for(op::terminate_child, "b"), "stop b#1");
  supervision_script next{rules(), three()};
  EXPECT_EQ(next.tell(resume(s.machine(), {{"a", 1}, {"b", 1}, {"c", 1}})), "start a#1");
  EXPECT_EQ(next.answer_all().find("restart"), std::string::npos);
  EXPECT_EQ(next.state(), "a#1 b- c#1");
  supervision_script gone{rules(), three()}; // or it died of it before anybody looked
  (void)gone.tell(resume(s.machine(), {{"a", 1}, {"c", 1}}));
  (void)gone.answer_all();
  EXPECT_EQ(gone.state(), "a#1 b- c#1");
}

TEST(SupervisionMemory, ARestartOnRequestIsFinishedAndNotCounted) {
  supervision_script s{rules(), three()};
  s.bring_up();
  EXPECT_EQ(s.call_for(op::stop_and_start, "b"), "stop b#1");
  supervision_script next{rules(), three()};
  (void)next.tell(resume(s.machine(), {{"a", 1}, {"b", 1}, {"c", 1}}));
  (void)next.answer_all();
  EXPECT_EQ(next.state(), "a#1 b#2 c#1");
  EXPECT_TRUE(next.machine().restarts().empty());
}

TEST(SupervisionMemory, NothingIsUnderWayOnceAPlanIsDone) {
  supervision_script s{rules(strategy::one_for_all), three()};
  s.bring_up();
  (void)s.gone("b", crash());
  EXPECT_TRUE(s.machine().memory().under_way);
  supervision_memory written;
  (void)s.machine().update(written);
  (void)s.answer_all();
  EXPECT_FALSE(s.machine().memory().under_way);
  EXPECT_TRUE(s.machine().memory_changed());
}

TEST(SupervisionMemory, AnUpdateTellsAndWritesWhatChangedAlone) {
  supervision_script s{rules(), three()};
  s.bring_up();
  (void)s.gone("b", crash());
  (void)s.answer_all();
  supervision_memory written;
  EXPECT_EQ(s.machine().update(written), std::vector<std::string>{"b"});
  EXPECT_EQ(written, s.machine().memory());
  EXPECT_FALSE(s.machine().memory_changed());
  written.children["b"].attempts = 77; // nobody may touch it, for b is what it was
  (void)s.gone("c", crash());
  (void)s.answer_all();
  EXPECT_EQ(s.machine().update(written), std::vector<std::string>{"c"});
  EXPECT_EQ(written.children["b"].attempts, 77u);
}

TEST(SupervisionMemory, AnUpdateForgetsChildrenThatAreNoMore) {
  supervision_script s{rules(), three()};
  s.bring_up();
  (void)s.gone("b", crash());
  (void)s.answer_all();
  (void)s.call_for(op::stop_and_delete, "b");
  (void)s.answer_all();
  supervision_script next{rules(), {worker("a"), worker("c")}};
  auto known = s.machine().memory();
  known.children["b"] = {.generation = 2, .ended = 2}; // a journal that is behind
  begin e{.resume = true, .down = {}, .why = {}, .memory = known, .running = {}};
  (void)next.tell(std::move(e));
  (void)next.answer_all();
  (void)next.gone("c", crash());
  (void)next.machine().update(known);
  EXPECT_EQ(known, next.machine().memory());
}

TEST(SupervisionMemory, ASupervisorThatIsToBeStoppedStartsNothingFirst) {
  supervision_script next{rules(), three()};
  begin e{.resume = true, .down = {"a", "c"}, .why = {}, .memory = {}, .running = {}, .only_running = true};
  e.running["b"] = {4, start_of_test};
  EXPECT_EQ(next.tell(std::move(e)), "start b#4");
  EXPECT_EQ(next.started("b"), "up");
  EXPECT_EQ(next.stop(), "stop b#4");
}

// -- a supervisor that was up when the daemon died: what is starting below it is not waited for

/// A successor of one that was up; of `starting` the process runs, but is not ready yet.
begin resume_up(supervision_memory memory, std::map<std::string, generation> running,
                std::set<std::string> starting = {}) {
  begin e{.resume = true, .down = {}, .why = {}, .memory = std::move(memory), .running = {}, .was_up = true};
  for (const auto& [id, gen] : running)
    e.running[id] = {gen, start_of_test, starting.count(id) > 0};
  return e;
}

TEST(SupervisionMemory, OneThatWasUpIsUpBeforeAChildThatIsStartingIsReady) {
  supervision_script next{rules(), three()};
  EXPECT_EQ(next.tell(resume_up({}, {{"a", 2}, {"b", 1}, {"c", 1}}, {"a"})), "start b#1");
  EXPECT_EQ(next.started("b"), "start c#1");
  EXPECT_EQ(next.started("c"), "up; start a#2");
  EXPECT_EQ(next.gone("c", crash()), ""); // in its turn, as before
  EXPECT_EQ(next.started("a"), "report child_terminated c; restart c#2");
}

TEST(SupervisionMemory, AStopCutsTheStartOfThatChildShort) {
  supervision_script next{rules(), three()};
  (void)next.tell(resume_up({}, {{"a", 2}, {"b", 1}, {"c", 1}}, {"a"}));
  (void)next.started("b");
  (void)next.started("c");
  EXPECT_EQ(next.stop(), "abort a#2");
  EXPECT_EQ(next.last<abort_start>().why.what, cause::kind::tree_stop);
  EXPECT_EQ(next.refused("a"), "report start_error a; retry a in 0s; stop c#1");
  EXPECT_EQ(next.answer_all(), "stop b#1; ended");
}

TEST(SupervisionMemory, WhatIsMissingIsStartedOnceWhatRunsIsTakenOver) {
  supervision_script next{rules(), three()};
  EXPECT_EQ(next.tell(resume_up({}, {{"c", 1}})), "start c#1");
  EXPECT_EQ(next.started("c"), "up; start a#1");
  EXPECT_EQ(next.started("a"), "start b#1");
}

TEST(SupervisionMemory, OneThatWasStartingItselfContinuesThatStartInOrder) {
  supervision_script next{rules(), three()};
  auto e = resume_up({}, {{"a", 1}, {"b", 1}}, {"b"});
  e.was_up = false;
  EXPECT_EQ(next.tell(std::move(e)), "start a#1");
  EXPECT_EQ(next.started("a"), "start b#1");
  EXPECT_EQ(next.started("b"), "start c#1");
  EXPECT_EQ(next.started("c"), "up");
}

TEST(SupervisionMemory, AGroupRestartWaitsForItsMemberThatIsStartingAndThenGoesOn) {
  supervision_script s{rules(strategy::one_for_all), three()};
  s.bring_up();
  (void)s.gone("b", crash());
  (void)s.gone("c");
  EXPECT_EQ(s.gone("a"), "restart a#2"); // and here the daemon dies
  supervision_script next{rules(strategy::one_for_all), three()};
  EXPECT_EQ(next.tell(resume_up(s.machine().memory(), {{"a", 2}}, {"a"})), "up; start a#2");
  EXPECT_EQ(next.started("a"), "restart b#2");
  EXPECT_EQ(next.started("b"), "restart c#2");
  EXPECT_EQ(next.started("c"), "resumed restart b");
  EXPECT_FALSE(next.machine().memory().under_way);
}

TEST(SupervisionMemory, AGroupRestartThatFailsLeavesTheOthersTheirStarts) {
  supervision_script s{rules(strategy::rest_for_one), three()};
  s.bring_up();
  EXPECT_EQ(s.gone("c", crash()), "report child_terminated c; restart c#2"); // and here the daemon dies
  for (const bool was_up : {true, false}) {
    supervision_script next{rules(strategy::rest_for_one), three()};
    auto e = resume_up(s.machine().memory(), {{"a", 1}});
    e.was_up = was_up;
    (void)next.tell(std::move(e));
    std::string all = next.started("a");
    if (!was_up) all += "; " + next.started("b");
    all += "; " + next.refused("c");
    if (was_up) all += "; " + next.started("b");
    EXPECT_NE(all.find("up"), std::string::npos) << was_up;
    EXPECT_EQ(next.state(), "a#1 b#1 c?") << all;
  }
}

TEST(SupervisionMemory, ARestartOnRequestThatWasStartingIsNotTriedAgainByItself) {
  supervision_script s{rules(), three()};
  s.bring_up();
  (void)s.call_for(op::stop_and_start, "b");
  EXPECT_EQ(s.gone("b"), "start b#2"); // and here the daemon dies
  supervision_script next{rules(), three()};
  (void)next.tell(resume_up(s.machine().memory(), {{"a", 1}, {"b", 2}, {"c", 1}}, {"b"}));
  (void)next.started("a");
  EXPECT_EQ(next.started("c"), "up; start b#2");
  EXPECT_EQ(next.refused("b"), "settled b finished; reply 0 start_failed no such file") << "it is not complete";
  EXPECT_FALSE(next.machine().memory().under_way);
  EXPECT_EQ(next.state(), "a#1 b- c#1");
}

TEST(SupervisionMemory, WhatAnotherSupervisorWasStoppingIsStoppedAndNotRestarted) {
  supervision_script next{rules(), three()};
  auto e = resume_up({}, {{"a", 1}, {"b", 1}, {"c", 1}});
  e.ending = {{"b", 1, {cause::kind::request, {}, {}, {}}}};
  (void)next.tell(std::move(e));
  EXPECT_EQ(next.last<start_child>().mode, start_child::how::resume);
  (void)next.started("a");
  EXPECT_EQ(next.last<start_child>().mode, start_child::how::only_running);
  (void)next.started("b");
  EXPECT_EQ(next.started("c"), "up; stop b#1");
  EXPECT_EQ(next.gone("b", crash()), "report shutdown_error b; settled b");
  EXPECT_EQ(next.state(), "a#1 b- c#1");
  EXPECT_TRUE(next.machine().restarts().empty());
}

TEST(SupervisionMemory, AChildThatIsBeingRemovedDoesNotComeBack) {
  supervision_script s{rules(), three()};
  s.bring_up();
  EXPECT_EQ(s.call_for(op::stop_and_delete, "b"), "stop b#1"); // and here the daemon dies
  supervision_script next{rules(), three()};
  (void)next.tell(resume_up(s.machine().memory(), {{"a", 1}, {"b", 1}, {"c", 1}}));
  (void)next.answer_all();
  EXPECT_EQ(next.state(), "a#1 b- c#1");
}

TEST(SupervisionMemory, WhatIsAskedAgainIsDoneOnce) {
  supervision_script s{rules(), three()};
  s.bring_up();
  const auto ask = [&](call::op what) {
    call again{.what = what, .token = 7, .id = "b", .spec = {}, .why = {}, .process = {}, .seen = 1};
    return s.tell(std::move(again));
  };
  EXPECT_EQ(ask(op::stop_and_start), "stop b#1");
  EXPECT_EQ(s.gone("b"), "start b#2");
  EXPECT_EQ(ask(op::stop_and_start), "") << "what it asks for is not cut short";
  EXPECT_EQ(s.started("b"), "reply 7 ok; reply 7 ok");
  EXPECT_EQ(ask(op::stop_and_start), "reply 7 ok");
  EXPECT_EQ(ask(op::start_now), "reply 7 ok");
  (void)s.call_for(op::stop_child, "b");
  (void)s.gone("b");
  EXPECT_EQ(ask(op::start_now), "reply 7 down_again");
  EXPECT_EQ(s.state(), "a#1 b- c#1");
}

} // namespace
} // namespace alder::policy
