#include "actors/tree/start_watch.hpp"

#include "tests/actors/support/virtual_daemon.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace alder::actors::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class StartWatch : public virtual_daemon {
protected:
  static service_spec task(const std::string& name) {
    auto spec = service(name);
    spec.task = true;
    spec.restart = restart_kind::transient;
    return spec;
  }
  static service_spec server(const std::string& name) {
    auto spec = service(name);
    spec.backoff.min = 10s;
    spec.restart_limit.min_uptime = 2s;
    return spec;
  }
  /// Starts the tree, whose tasks end well at once.
  void start_all(strategy rule, std::vector<service_spec> services) {
    std::vector<std::string> tasks;
    for (const auto& one : services)
      if (one.task) tasks.push_back(one.name);
    start(tree("shop", rule, std::move(services)));
    for (const auto& name : tasks)
      end(name, exit_status::code(0));
  }
  /// Does what the API does: the call, then the watch. The outcome is there when the watch has answered.
  void begin(node_call::op what, const std::string& name, start_goal goal) {
    watch_start wanted{"shop", name, goal, true, restarts_below(shared.nodes, "shop", name)};
    const auto started = call(what, name);
    ASSERT_TRUE(started.ok()) << started.failure.message;
    wanted.changed = started.changed;
    const auto watch = system.spawn<start_watch>(shared, feed, child_actor{root});
    asker = std::make_unique<caf::scoped_actor>(system);
    answer = std::make_unique<pending>((*asker)->request(watch, caf::infinite, wanted));
    run();
  }
  bool has_answer() { return !(*asker)->mailbox().empty(); }
  call_outcome outcome() {
    call_outcome got;
    EXPECT_TRUE(has_answer());
    if (!has_answer()) return got;
    answer->receive([&](const call_outcome& o) { got = o; },
                    [&](const caf::error& e) { ADD_FAILURE() << system.render(e); });
    return got;
  }

  using pending = decltype(std::declval<caf::scoped_actor&>()->request(std::declval<const start_watch_actor&>(),
                                                                       caf::infinite, std::declval<watch_start>()));
  std::unique_ptr<caf::scoped_actor> asker;
  std::unique_ptr<pending> answer;
};

TEST_F(StartWatch, ATaskIsWaitedForUntilItHasFinished) {
  start_all(strategy::one_for_one, {task("migrate"), service("web")});
  begin(node_call::op::start, "migrate", start_goal::completed);
  EXPECT_EQ(node("migrate").state, node_state::running);
  advance(10min);
  EXPECT_FALSE(has_answer());
  end("migrate", exit_status::code(0));
  const auto got = outcome();
  EXPECT_TRUE(got.ok()) << got.failure.message;
  EXPECT_TRUE(got.changed);
}

TEST_F(StartWatch, MeanwhileItsSupervisorRestartsOthers) {
  start_all(strategy::one_for_one, {task("migrate"), service("web")});
  begin(node_call::op::start, "migrate", start_goal::completed);
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_FALSE(has_answer());
  end("migrate", exit_status::code(0));
  EXPECT_TRUE(outcome().ok());
}

TEST_F(StartWatch, ATaskThatFailsIsAFailureWithItsReason) {
  start_all(strategy::one_for_one, {task("migrate")});
  begin(node_call::op::start, "migrate", start_goal::completed);
  end("migrate", exit_status::code(3));
  const auto got = outcome();
  EXPECT_EQ(got.failure.kind, error_kind::io);
  EXPECT_EQ(got.failure.message, "migrate failed: exited with code 3");
}

TEST_F(StartWatch, ATemporaryTaskThatFailsIsAFailureToo) {
  auto once = task("once");
  once.restart = restart_kind::temporary;
  start_all(strategy::one_for_one, {once});
  begin(node_call::op::start, "once", start_goal::completed);
  end("once", exit_status::signal(9));
  EXPECT_EQ(outcome().failure.message, "once failed: was killed by SIGKILL");
}

TEST_F(StartWatch, ATaskThatIsOverBeforeItIsWatchedIsSeen) {
  start_all(strategy::one_for_one, {task("migrate")});
  ASSERT_TRUE(call(node_call::op::start, "migrate").ok());
  end("migrate", exit_status::code(4));
  const auto watch = system.spawn<start_watch>(shared, feed, child_actor{root});
  asker = std::make_unique<caf::scoped_actor>(system);
  answer = std::make_unique<pending>((*asker)->request(watch, caf::infinite, watch_start{"shop", "migrate"}));
  run();
  EXPECT_EQ(outcome().failure.message, "migrate failed: exited with code 4");
}

TEST_F(StartWatch, ATaskThatRunsAlreadyIsWaitedForAsWell) {
  start_all(strategy::one_for_one, {task("migrate")});
  ASSERT_TRUE(call(node_call::op::start, "migrate").ok());
  begin(node_call::op::start, "migrate", start_goal::completed);
  EXPECT_FALSE(has_answer());
  end("migrate", exit_status::code(0));
  const auto got = outcome();
  EXPECT_TRUE(got.ok());
  EXPECT_FALSE(got.changed) << "somebody else started it";
}

TEST_F(StartWatch, ATaskThatIsStoppedHasNotFinished) {
  start_all(strategy::one_for_one, {task("migrate"), service("web")});
  begin(node_call::op::start, "migrate", start_goal::completed);
  (void)call(node_call::op::stop, "migrate");
  EXPECT_EQ(outcome().failure.message, "migrate was stopped before it finished");
}

TEST_F(StartWatch, ATaskThatItsGroupTakesAlongHasNotFinished) {
  start_all(strategy::one_for_all, {service("web"), task("migrate")});
  begin(node_call::op::start, "migrate", start_goal::completed);
  end("web", exit_status::code(1));
  EXPECT_EQ(outcome().failure.message, "migrate was stopped before it finished");
}

TEST_F(StartWatch, NobodyWaitsAnyLongerWhenTheAskerIsGone) {
  start_all(strategy::one_for_one, {task("migrate")});
  ASSERT_TRUE(call(node_call::op::start, "migrate").ok());
  const auto api = system.spawn<event_bus>(shared, feed, parent_actor{parent});
  const auto watch = system.spawn<start_watch>(shared, feed, child_actor{api});
  asker = std::make_unique<caf::scoped_actor>(system);
  answer = std::make_unique<pending>((*asker)->request(watch, caf::infinite, watch_start{"shop", "migrate"}));
  run();
  EXPECT_FALSE(has_answer());
  caf::anon_send_exit(api, caf::exit_reason::user_shutdown);
  run();
  ASSERT_TRUE(has_answer());
  bool is_gone = false;
  answer->receive([](const call_outcome&) {}, [&](const caf::error&) { is_gone = true; });
  EXPECT_TRUE(is_gone);
}

TEST_F(StartWatch, AServiceIsStableWhenItHasRunForItsMinimum) {
  start_all(strategy::one_for_one, {server("web")});
  begin(node_call::op::restart, "web", start_goal::stable);
  advance(1999ms);
  EXPECT_FALSE(has_answer());
  advance(1ms);
  EXPECT_TRUE(outcome().ok());
}

TEST_F(StartWatch, AServiceThatCrashesSoonAfterItsStartIsAFailureAtOnce) {
  start_all(strategy::one_for_one, {server("web")});
  begin(node_call::op::restart, "web", start_goal::stable);
  advance(500ms);
  end("web", exit_status::code(1));
  EXPECT_EQ(outcome().failure.message, "web exited with code 1 within 2s of its start");
}

TEST_F(StartWatch, OneThatIsUpAgainAtOnceHasCrashedAllTheSame) {
  auto web = server("web");
  web.backoff = {};
  start_all(strategy::one_for_one, {web});
  begin(node_call::op::restart, "web", start_goal::stable);
  end("web", exit_status::code(0)); // a server has no business to end
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_THAT(outcome().failure.message, HasSubstr("web exited with code 0"));
}

TEST_F(StartWatch, OneThatCrashesSoonAfterItBecameReadyIsAFailure) {
  auto web = server("web");
  web.ready.check = ready_after{1s};
  start(tree("shop", strategy::one_for_one, {web}));
  advance(1s);
  watch_start wanted{"shop", "web", start_goal::stable, true, {}};
  const auto watch = system.spawn<start_watch>(shared, feed, child_actor{root});
  asker = std::make_unique<caf::scoped_actor>(system);
  answer = std::make_unique<pending>((*asker)->request(watch, caf::infinite, wanted));
  run();
  advance(1999ms);
  EXPECT_FALSE(has_answer());
  end("web", exit_status::code(7));
  EXPECT_EQ(outcome().failure.message, "web exited with code 7 within 2s of becoming ready");
}

TEST_F(StartWatch, OfASupervisorAllServicesBelowHaveToBeStable) {
  supervisor_spec pool = tree("pool", strategy::one_for_one, {server("pool:0"), server("pool:1")});
  supervisor_spec spec = tree("shop", strategy::one_for_one, {});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(pool));
  start(spec);
  begin(node_call::op::restart, "pool", start_goal::stable);
  advance(1s);
  end("pool:1", exit_status::code(7));
  EXPECT_EQ(outcome().failure.message, "pool:1 exited with code 7 within 2s of its start");
}

TEST_F(StartWatch, CrashesBeforeTheRestartDoNotCount) {
  auto web = server("web");
  web.backoff = {};
  start_all(strategy::one_for_one, {web});
  end("web", exit_status::code(1));
  ASSERT_EQ(node("web").restarts, 1u);
  begin(node_call::op::restart, "web", start_goal::stable);
  advance(2s);
  EXPECT_TRUE(outcome().ok());
}

/// As `alder restart 'pool:*'` does it, one after the other.
TEST_F(StartWatch, ARollingRestartEndsAtTheFirstCrashAndLeavesTheOthersUp) {
  start_all(strategy::one_for_one, {server("web:0"), server("web:1"), server("web:2")});
  begin(node_call::op::restart, "web:0", start_goal::stable);
  advance(2s);
  ASSERT_TRUE(outcome().ok());
  begin(node_call::op::restart, "web:1", start_goal::stable);
  end("web:1", exit_status::code(1));
  ASSERT_FALSE(outcome().ok());
  EXPECT_EQ(node("web:0").state, node_state::running);
  EXPECT_EQ(node("web:2").generation, 1u) << "nobody touched it";
  EXPECT_EQ(node("web:2").state, node_state::running);
}

} // namespace
} // namespace alder::actors::testing
