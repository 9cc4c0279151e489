// Supervisors that take over what a former daemon left, while something below them is starting or being stopped.
#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using how = policy::start_result::how;

class Resuming : public virtual_daemon {
protected:
  /// shop: a (slow, mate), b (far), other. `slow` has a readiness check.
  static supervisor_spec shop() {
    auto slow = service("slow");
    slow.ready.check = ready_file{"up"};
    auto spec = tree("shop", strategy::one_for_one, {});
    for (auto& nested : {tree("a", strategy::one_for_one, {slow, service("mate")}),
                         tree("b", strategy::one_for_one, {service("far")})})
      spec.children.emplace_back(std::make_shared<const supervisor_spec>(nested));
    spec.children.emplace_back(std::make_shared<const service_spec>(service("other")));
    return spec;
  }
  void become_ready(const std::string& name) {
    os.processes[os.alive(name)].owner->tell(readiness_answered{true, {}});
    run();
  }
  void ask(node_call::op what, const std::string& child) {
    caf::anon_send(shared.parents[{"shop", child}],
                   node_call{what, child, nullptr, {cause::kind::request, {}, {}, {}}});
    run();
  }
  /// The daemon dies, and the next one knows of each node what was written of it.
  void lose_daemon(node_state of_root) {
    caf::anon_send_exit(root, caf::exit_reason::kill);
    run();
    root = nullptr;
    for (const auto& node : shared.nodes.in_order("shop"))
      shared.nodes.update("shop", node->name, [&](node_snapshot& known) {
        const auto state = known.name == "shop" ? of_root : known.state;
        known.former = former_state{state, known.since, known.reason, known.why, known.generation};
        known.state = node_state::stopped;
      });
    heard.starts.clear();
    take_log();
  }
};

TEST_F(Resuming, WhatIsStartingBelowOneThatWasUpHoldsNobodyElseUp) {
  start(shop());
  become_ready("slow");
  ask(node_call::op::restart, "slow");
  ASSERT_EQ(node("slow").state, node_state::starting);
  lose_daemon(node_state::running);
  start(shop(), /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("adopt mate#1", "adopt slow#2", "check slow#2", "adopt far#1", "adopt other#1"));
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(node("a").state, node_state::running);
  EXPECT_EQ(node("slow").state, node_state::starting);

  end("other", exit_status::code(1));
  end("far", exit_status::code(1));
  EXPECT_EQ(node("other").restarts, 1u);
  EXPECT_EQ(node("far").restarts, 1u);
  EXPECT_TRUE(call(node_call::op::restart, "other").changed);
  end("mate", exit_status::code(1)); // a sibling waits for the start, as it did before
  EXPECT_EQ(node("mate").restarts, 0u);
  become_ready("slow");
  EXPECT_EQ(node("mate").restarts, 1u);
  EXPECT_EQ(node("slow").state, node_state::running);
  EXPECT_EQ(node("slow").reason, "started on request");
}

TEST_F(Resuming, AStopEndsTheStartThatWasUnderWayAndSaysWhy) {
  start(shop());
  become_ready("slow");
  ask(node_call::op::restart, "slow");
  lose_daemon(node_state::running);
  start(shop(), /*resume=*/true);
  caf::anon_send(root, stop_order{{cause::kind::tree_stop, {}, "the daemon is stopping", {}}});
  run();
  ASSERT_EQ(heard.ends.size(), 1u);
  for (const auto* name : {"other", "far", "mate"})
    EXPECT_EQ(node(name).why.detail, "the daemon is stopping") << name;
}

TEST_F(Resuming, AnInitialStartThatIsCutShortSaysWhyTheOthersAreStopped) {
  auto spec = shop();
  std::rotate(spec.children.begin(), spec.children.end() - 1, spec.children.end()); // other first
  start(spec);
  ASSERT_EQ(node("a").state, node_state::starting);
  caf::anon_send(root, stop_order{{cause::kind::tree_stop, {}, "the daemon is stopping", {}}});
  run();
  EXPECT_EQ(node("other").why.detail, "the daemon is stopping");
  EXPECT_EQ(os.count_alive(), 0u);
}

TEST_F(Resuming, OneThatWasStartingItselfContinuesThat) {
  start(shop());
  ASSERT_EQ(node("a").state, node_state::starting);
  lose_daemon(node_state::starting);
  start(shop(), /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("adopt slow#1", "check slow#1"));
  EXPECT_EQ(node("a").state, node_state::starting);
  EXPECT_THAT(heard.starts, IsEmpty());
  become_ready("slow");
  EXPECT_THAT(take_log(), ElementsAre("launch mate#1", "launch far#1", "launch other#1"));
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, how::ok);
  EXPECT_THAT(sentences(), Contains("a is running, started by its supervisor"));
}

TEST_F(Resuming, AStartBelowASupervisorThatWasStartingIsWaitedForByThatOneAlone) {
  start(shop());
  become_ready("slow");
  ask(node_call::op::restart, "a");
  ASSERT_EQ(node("a").state, node_state::starting);
  lose_daemon(node_state::running);
  start(shop(), /*resume=*/true);
  EXPECT_EQ(node("a").state, node_state::starting);
  EXPECT_EQ(node("b").state, node_state::running);
  end("far", exit_status::code(1));
  EXPECT_EQ(node("far").restarts, 1u);
  become_ready("slow");
  EXPECT_EQ(node("a").state, node_state::running);
  EXPECT_EQ(node("mate").state, node_state::running);
}

TEST_F(Resuming, ASupervisorThatWasGivingUpEndsWithItsReasonAndIsRestartedOnce) {
  auto spec = shop();
  auto nested = tree("g", strategy::one_for_one, {service("slow_to_stop"), service("bad")});
  nested.intensity = {0, std::chrono::seconds{60}};
  spec.children = {std::make_shared<const supervisor_spec>(nested),
                   std::make_shared<const service_spec>(service("other"))};
  start(spec);
  os.stubborn = {"slow_to_stop"};
  end("bad", exit_status::code(1));
  ASSERT_EQ(node("slow_to_stop").state, node_state::stopping);
  lose_daemon(node_state::running);
  os.stubborn.clear();
  start(spec, /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("adopt slow_to_stop#1", "signal slow_to_stop#1 15", "adopt other#1",
                                      "launch slow_to_stop#2", "launch bad#2"));
  EXPECT_EQ(shared.memories["shop/shop"_node].restarts.size(), 1u);
  EXPECT_EQ(node("g").state, node_state::running);
  EXPECT_THAT(node("g").reason, ::testing::HasSubstr("because bad exited with code 1"));
  EXPECT_EQ(node("other").restarts, 0u);
}

TEST_F(Resuming, WhatWaitsToBeRestartedKeepsItsGeneration) {
  auto slow = service("waits");
  slow.backoff = {std::chrono::seconds{60}, std::chrono::seconds{60}, 2.0, 0.0, std::chrono::seconds{60}, {}};
  auto spec = tree("shop", strategy::one_for_one, {slow});
  start(spec);
  end("waits", exit_status::code(1));
  ASSERT_EQ(node("waits").state, node_state::backoff);
  ASSERT_EQ(node("waits").generation, 1u);
  lose_daemon(node_state::running);
  start(spec, /*resume=*/true);
  EXPECT_EQ(node("waits").state, node_state::backoff);
  EXPECT_EQ(node("waits").generation, 1u);
}

TEST_F(Resuming, WhatAFormerSupervisorWasStoppingOnRequestIsStopped) {
  start(shop());
  become_ready("slow");
  os.stubborn = {"far"};
  ask(node_call::op::remove, "far");
  ASSERT_EQ(node("far").state, node_state::stopping);
  lose_daemon(node_state::running);
  os.stubborn.clear();
  shared.memories["shop/b"_node].under_way.reset(); // it was another supervisor's
  start(shop(), /*resume=*/true);
  EXPECT_EQ(node("far").state, node_state::stopped);
  EXPECT_TRUE(node("far").settled);
  EXPECT_EQ(node("far").restarts, 0u);
  EXPECT_EQ(node("far").reason, "stopped on request");
  EXPECT_THAT(take_log(), Not(Contains("launch far#2")));
}

TEST_F(Resuming, ARemovalThatWasUnderWayDoesNotBecomeARestart) {
  start(shop());
  become_ready("slow");
  os.stubborn = {"far"};
  ask(node_call::op::remove, "far");
  lose_daemon(node_state::running);
  os.end(process_id{"shop/far"_node, 1}, exit_status::code(1)); // while no daemon is there
  start(shop(), /*resume=*/true);
  EXPECT_EQ(node("far").state, node_state::stopped);
  EXPECT_EQ(node("far").restarts, 0u);
  EXPECT_EQ(os.alive("far").node, node_id{});
}

} // namespace
} // namespace alder::actors::testing
