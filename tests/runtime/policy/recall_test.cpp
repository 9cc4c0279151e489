#include "runtime/policy/recall.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;
using state = node_state;

const cause on_its_own{cause::kind::own_exit, {}, "exited with code 1", {}};
const cause on_request{cause::kind::request, {}, {}, {}};

node_snapshot node_in(state now, const std::string& name = "web") {
  node_snapshot node;
  node.tree = "shop";
  node.name = name;
  node.state = now;
  node.since = wall_time{19h};
  return node;
}

node_snapshot record_of(state was, const cause& why = on_its_own) {
  node_snapshot record;
  record.restarts = 3;
  record.generation = 7;
  record.last_exit = last_exit{exit_status::code(1), wall_time{1h}};
  record.health = "used much";
  record.status = "serving";
  record.former = former_state{was, wall_time{19h}, "as it was", why, 7};
  return record;
}

node_snapshot recalled(const node_snapshot& record, what_ended before) {
  node_snapshot node;
  recall(node, record, before);
  return node;
}

TEST(Recall, WhatRanUnderTheSameKeeperIsStillToBeLookedAt) {
  const auto node = recalled(record_of(state::running), what_ended::daemon);
  EXPECT_EQ(node.state, state::stopped) << "until it is taken over";
  EXPECT_EQ(node.former->state, state::running);
  EXPECT_EQ(node.generation, 7u);
  EXPECT_EQ(node.health, "used much");
  EXPECT_EQ(node.status, "serving");
  EXPECT_EQ(node.restarts, 3u);
}

TEST(Recall, WhatWasKnownOfAProcessEndsWithItsKeeper) {
  for (const auto before : {what_ended::keeper, what_ended::reboot}) {
    const auto node = recalled(record_of(state::running), before);
    EXPECT_EQ(node.generation, 0u) << "numbers begin anew";
    EXPECT_EQ(node.health, "");
    EXPECT_EQ(node.status, "");
    EXPECT_EQ(node.restarts, 3u);
    EXPECT_EQ(node.last_exit->status, exit_status::code(1));
  }
}

TEST(Recall, WhatIsSettledStaysAsItIs) {
  auto record = record_of(state::failed);
  record.former.reset();
  record.settled = true;
  record.state = state::finished;
  record.reason = "completed";
  record.since = wall_time{2h};
  const auto node = recalled(record, what_ended::keeper);
  EXPECT_TRUE(node.settled);
  EXPECT_EQ(node.state, state::finished);
  EXPECT_EQ(node.reason, "completed");
  EXPECT_EQ(node.since, wall_time{2h});
}

TEST(Recall, WhatWasDownIsShownAsItWasAlsoIfNobodyLooksAfterIt) {
  for (const auto down : {state::stopped, state::failed, state::finished}) {
    const auto node = recalled(record_of(down), what_ended::daemon);
    EXPECT_EQ(node.state, down);
    EXPECT_FALSE(node.settled);
    EXPECT_EQ(node.reason, "as it was");
    EXPECT_EQ(node.why, on_its_own);
  }
}

TEST(Recall, NobodyKnowsHowAProcessEndedThatEndedWithItsKeeper) {
  for (const auto was : {state::starting, state::running, state::stopping}) {
    auto node = recalled(record_of(was), what_ended::keeper);
    end_with_keeper(node);
    EXPECT_EQ(node.last_exit, last_exit{});
    EXPECT_FALSE(node.former);
  }
  for (const auto was : {state::backoff, state::stopped, state::finished, state::failed}) {
    auto node = recalled(record_of(was), what_ended::keeper);
    end_with_keeper(node);
    EXPECT_EQ(node.last_exit->status, exit_status::code(1)) << "it had none";
  }
  auto supervisor = recalled(record_of(state::running), what_ended::keeper);
  supervisor.what = node_snapshot::kind::supervisor;
  supervisor.last_exit.reset();
  end_with_keeper(supervisor);
  EXPECT_FALSE(supervisor.last_exit);
}

TEST(Recall, ATreeWasStoppedInOrderIfItsRootWasSeenToStop) {
  auto root = node_in(state::stopped, "shop");
  root.why = end_of_daemon;
  EXPECT_TRUE(interruption_of(&root).in_order);
  root.since = {};
  EXPECT_FALSE(interruption_of(&root).in_order);
  root = node_in(state::running, "shop");
  EXPECT_FALSE(interruption_of(&root).in_order);
  EXPECT_FALSE(interruption_of(nullptr).in_order);
}

TEST(Recall, WhatWasUpLiesDownWithItsTree) {
  auto web = node_in(state::running);
  lie_down(web, {false, "for a reason"}, wall_time{24h});
  EXPECT_EQ(web.state, state::stopped);
  EXPECT_EQ(web.since, wall_time{}) << "nobody saw it";
  EXPECT_EQ(web.reason, "for a reason");
  EXPECT_FALSE(web.settled) << "with its root it starts again";
  auto root = node_in(state::running, "shop");
  lie_down(root, {false, "for a reason"}, wall_time{24h});
  EXPECT_TRUE(root.settled);
  EXPECT_EQ(root.since, wall_time{24h});
  EXPECT_EQ(root.reason, "for a reason; to start what was running before: alder daemon start --resurrect");
}

TEST(Recall, AfterAStopInOrderItIsKnownSinceWhen) {
  for (const auto* name : {"web", "shop"}) {
    auto node = node_in(state::stopped, name);
    node.why = end_of_daemon;
    lie_down(node, {true, "for a reason"}, wall_time{24h});
    EXPECT_EQ(node.since, wall_time{19h}) << name;
    EXPECT_EQ(node.why, cause{}) << name;
  }
}

TEST(Recall, WhatWasDownBeforeKeepsItsReason) {
  auto settled = node_in(state::finished);
  settled.settled = true;
  settled.reason = "completed";
  auto down = node_in(state::failed);
  down.why = on_its_own;
  down.reason = "gave up";
  for (auto* node : {&settled, &down})
    lie_down(*node, {false, "for a reason"}, wall_time{24h});
  EXPECT_EQ(settled.reason, "completed");
  EXPECT_EQ(down.state, state::failed);
  EXPECT_EQ(down.reason, "gave up");
  auto never = node_in(state::stopped); // and was never up
  never.since = {};
  lie_down(never, {false, "for a reason"}, wall_time{24h});
  EXPECT_EQ(never.reason, "for a reason");
}

TEST(Recall, WhileEverythingStopsWhatWasUpIsWrittenAsUp) {
  auto stopped = node_in(state::stopped);
  stopped.settled = true;
  stopped.why = on_request;
  const auto written = record_at_shutdown(stopped, std::nullopt);
  ASSERT_TRUE(written);
  EXPECT_FALSE(written->settled);
  EXPECT_EQ(written->why, end_of_daemon);
  const auto running = record_at_shutdown(node_in(state::running), record_of(state::running));
  ASSERT_TRUE(running);
  EXPECT_EQ(running->why, cause{});
}

TEST(Recall, WhileEverythingStopsWhatWasDownStaysAsItWasNoted) {
  auto settled = record_of(state::stopped);
  settled.settled = true;
  EXPECT_FALSE(record_at_shutdown(node_in(state::stopped), settled));
  EXPECT_FALSE(record_at_shutdown(node_in(state::stopped), record_of(state::failed)));
  EXPECT_TRUE(record_at_shutdown(node_in(state::stopped), record_of(state::stopped, end_of_daemon)))
      << "it is down because of the same shutdown";
  EXPECT_TRUE(record_at_shutdown(node_in(state::stopped), record_of(state::backoff)));
}

TEST(Recall, AnExitIsDecidedWhenItsSupervisorRemembersItOrNobodyIsToDecide) {
  supervision_memory memory;
  memory.children["web"] = {.generation = 4, .ended = 3};
  auto web = node_in(state::running);
  web.generation = 4;
  EXPECT_FALSE(is_decided(&web, &memory, 4));
  memory.children["web"].ended = 4;
  EXPECT_TRUE(is_decided(&web, &memory, 4));
  memory.children.clear();
  EXPECT_FALSE(is_decided(&web, &memory, 4));
  EXPECT_TRUE(is_decided(&web, &memory, 3)) << "there is a later process";
  EXPECT_TRUE(is_decided(&web, nullptr, 4)) << "nobody looks after it";
  EXPECT_TRUE(is_decided(nullptr, &memory, 4)) << "there is no such node";
  web.settled = true;
  EXPECT_TRUE(is_decided(&web, &memory, 4));
}

TEST(Recall, WhatAProgramSaysOfItselfIsNoChangeToASuccessor) {
  const auto before = node_in(state::running);
  auto after = before;
  after.status = "serving";
  after.pid = 12;
  EXPECT_TRUE(is_same_to_successor(before, after));
  for (const auto& change : std::initializer_list<void (*)(node_snapshot&)>{
           [](node_snapshot& n) { n.settled = true; }, [](node_snapshot& n) { n.state = state::failed; },
           [](node_snapshot& n) { n.since += 1ms; }, [](node_snapshot& n) { n.reason = "other"; },
           [](node_snapshot& n) { n.why = on_its_own; }, [](node_snapshot& n) { ++n.restarts; },
           [](node_snapshot& n) { n.last_exit = last_exit{}; }, [](node_snapshot& n) { n.health = "ill"; },
           [](node_snapshot& n) { n.complaints["a"] = "b"; }, [](node_snapshot& n) { n.forced = forced_end{}; },
           [](node_snapshot& n) { n.reloading = true; }}) {
    after = before;
    change(after);
    EXPECT_FALSE(is_same_to_successor(before, after));
  }
}

} // namespace
} // namespace alder::policy
