#include "actors/tree/supervisor.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using how = policy::start_result::how;

class Supervisor : public virtual_daemon {};

TEST_F(Supervisor, StartsChildrenInOrderAndTellsItsParentWhenAllRun) {
  start(tree("shop", strategy::one_for_one, {service("db"), service("web")}));
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch web#1"));
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, how::ok);
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_EQ(node("web").pid, 102);
}

TEST_F(Supervisor, RestForOneTakesLaterSiblingsAlongAndSaysWhy) {
  start(tree("shop", strategy::rest_for_one, {service("db"), service("cache"), service("web")}));
  take_log();
  end("cache", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "launch cache#2", "launch web#2"));
  EXPECT_EQ(node("web").reason, "restarted because sibling cache exited with code 1 (rest_for_one)");
  EXPECT_EQ(node("cache").reason, "restarted because it exited with code 1");
  EXPECT_THAT(sentences(), Contains("web was stopped because sibling cache exited with code 1 (rest_for_one)"));
  EXPECT_EQ(node("db").restarts, 0u);
  EXPECT_EQ(node("web").restarts, 1u);
}

TEST_F(Supervisor, GivesUpAfterTooManyRestartsAndStopsItsOtherChildren) {
  auto spec = tree("shop", strategy::one_for_one, {service("db"), service("web")});
  spec.intensity = {2, 10s};
  start(spec);
  for (int i = 0; i < 2; ++i)
    end("web", exit_status::code(3));
  EXPECT_THAT(heard.ends, IsEmpty());
  end("web", exit_status::code(3));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_TRUE(heard.ends[0].reason.gave_up);
  EXPECT_EQ(os.count_alive(), 0u);
  EXPECT_THAT(sentences(),
              Contains("shop gave up: more than 2 restarts within 10s, the last because web exited with code 3"));
}

TEST_F(Supervisor, AChildThatWaitsForItsNextStartSaysOnceWhyItNoLongerDoes) {
  auto waiting = service("db");
  waiting.backoff.min = 60s;
  auto spec = tree("shop", strategy::one_for_one, {waiting, service("web")});
  spec.intensity = {1, 10s};
  start(spec);
  end("db", exit_status::code(1));
  ASSERT_EQ(node("db").state, node_state::backoff);
  end("web", exit_status::code(3));
  EXPECT_EQ(node("db").reason, "stopped because its supervisor gave up: more than 1 restart within 10s, the last "
                               "because web exited with code 3");
}

TEST_F(Supervisor, AChildThatWaitsWhenItsSupervisorIsStoppedBlamesNoOtherReason) {
  auto waiting = service("db");
  waiting.backoff.min = 60s;
  start(tree("shop", strategy::one_for_one, {waiting, service("web")}));
  end("db", exit_status::code(1));
  caf::anon_send(root, stop_order{{cause::kind::request, {}, {}, {}}, {}});
  run();
  EXPECT_EQ(node("db").reason, "stopped on request");
  EXPECT_EQ(node("db").reason, node("web").reason);
}

TEST_F(Supervisor, ForgetsRestartsOlderThanItsPeriod) {
  auto spec = tree("shop", strategy::one_for_one, {service("web")});
  spec.intensity = {1, 10s};
  start(spec);
  for (int i = 0; i < 20; ++i) {
    end("web", exit_status::code(3));
    advance(10001ms);
  }
  EXPECT_THAT(heard.ends, IsEmpty());
  EXPECT_EQ(node("web").restarts, 20u);
}

TEST_F(Supervisor, WaitsForTheBackoffBeforeItRestarts) {
  auto web = service("web");
  web.backoff = {1000ms, 30s, 2.0, 0.0, 60s};
  start(tree("shop", strategy::one_for_one, {web}));
  take_log();
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::backoff);
  ASSERT_TRUE(node("web").next_attempt.has_value());
  advance(999ms);
  EXPECT_THAT(take_log(), IsEmpty());
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("launch web#2"));
  EXPECT_THAT(sentences(), Contains("web will be restarted in 1s because it exited with code 1"));
}

TEST_F(Supervisor, StartsAChildInBackoffAtOnceWhenAsked) {
  auto web = service("web");
  web.backoff = {10s, 30s, 2.0, 0.0, 60s};
  start(tree("shop", strategy::one_for_one, {web}));
  end("web", exit_status::code(1));
  EXPECT_TRUE(call(node_call::op::start, "web").changed);
  EXPECT_EQ(node("web").state, node_state::running);
  advance(20s);
  EXPECT_EQ(os.count_alive(), 1u);
}

TEST_F(Supervisor, UndoesAStartThatFails) {
  os.refused["web"] = "'/bin/web' does not exist";
  start(tree("shop", strategy::one_for_one, {service("db"), service("web"), service("mail")}));
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch web#1", "signal db#1 15"));
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, how::failed);
  EXPECT_EQ(heard.starts[0].detail, "web could not start: '/bin/web' does not exist");
  EXPECT_EQ(node("web").state, node_state::failed);
  EXPECT_EQ(os.count_alive(), 0u);
}

TEST_F(Supervisor, StopsInReverseOrderThroughNestedSupervisors) {
  auto inner = tree("backend", strategy::one_for_all, {service("cache"), service("api")});
  auto spec = tree("shop", strategy::rest_for_one, {service("db")});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(inner));
  spec.children.emplace_back(std::make_shared<const service_spec>(service("web")));
  start(spec);
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch cache#1", "launch api#1", "launch web#1"));
  caf::anon_send(root, stop_order{{cause::kind::request, {}, {}, {}}});
  run();
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "signal api#1 15", "signal cache#1 15", "signal db#1 15"));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_FALSE(heard.ends[0].reason.gave_up);
}

TEST_F(Supervisor, EscalatesToItsParentWhichRestartsTheWholeBranch) {
  auto inner = tree("backend", strategy::one_for_one, {service("cache"), service("api")});
  inner.intensity = {1, 5s};
  auto spec = tree("shop", strategy::one_for_one, {service("db")});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(inner));
  start(spec);
  end("api", exit_status::signal(11));
  take_log();
  end("api", exit_status::signal(11));
  EXPECT_THAT(take_log(), ElementsAre("signal cache#1 15", "launch cache#2", "launch api#3"));
  EXPECT_THAT(node("backend").reason, HasSubstr("restarted because it gave up"));
  EXPECT_EQ(node("db").restarts, 0u);
}

TEST_F(Supervisor, SaysWhichAddedChildrenWentWithItsFormerLife) {
  auto inner = tree("backend", strategy::one_for_one, {service("api")});
  inner.intensity = {0, 5s};
  auto spec = tree("shop", strategy::one_for_one, {});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(inner));
  start(spec);
  std::vector<node_id> forgotten;
  shared.on_forgotten = [&](const std::string& tree, const std::string& name) { forgotten.push_back({tree, name}); };
  const auto added = tree("more", strategy::one_for_one, {service("leaf")});
  const auto entry = std::make_shared<const child_entry>(entry_of(std::make_shared<const supervisor_spec>(added)));
  caf::anon_send(shared.supervisors["shop/backend"_node], node_call{node_call::op::add, "more", entry, {}});
  run();
  EXPECT_EQ(node("leaf").state, node_state::running);
  end("api", exit_status::signal(11)); // backend gives up and is started anew
  EXPECT_THAT(forgotten, ElementsAre("shop/more"_node));
  EXPECT_TRUE(shared.nodes.named("leaf").empty());
  EXPECT_EQ(node("api").state, node_state::running);
}

TEST_F(Supervisor, RestartOnRequestIsNotCounted) {
  auto spec = tree("shop", strategy::one_for_all, {service("db"), service("web")});
  spec.intensity = {0, 5s};
  start(spec);
  take_log();
  EXPECT_TRUE(call(node_call::op::restart, "web").changed);
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15", "launch web#2"));
  EXPECT_EQ(node("web").restarts, 0u);
  EXPECT_EQ(node("web").reason, "started on request");
}

TEST_F(Supervisor, StopKeepsAChildDownAndStartBringsItBack) {
  start(tree("shop", strategy::one_for_one, {service("db"), service("web")}));
  EXPECT_TRUE(call(node_call::op::stop, "web").changed);
  EXPECT_FALSE(call(node_call::op::stop, "web").changed);
  EXPECT_EQ(node("web").state, node_state::stopped);
  EXPECT_TRUE(call(node_call::op::start, "web").changed);
  EXPECT_FALSE(call(node_call::op::start, "web").changed);
  EXPECT_EQ(node("web").state, node_state::running);
}

TEST_F(Supervisor, ATemporaryChildStaysVisibleAndCanBeStartedAgain) {
  auto task = service("task");
  task.restart = restart_kind::temporary;
  start(tree("shop", strategy::one_for_one, {service("db"), task}));
  end("task", exit_status::code(0));
  EXPECT_EQ(node("task").state, node_state::finished);
  EXPECT_THAT(shared.nodes.children_of("shop", "shop"), ElementsAre("db", "task"));
  EXPECT_TRUE(call(node_call::op::start, "task").changed);
  EXPECT_EQ(node("task").state, node_state::running);
  end("task", exit_status::code(4));
  EXPECT_EQ(node("task").state, node_state::failed);
  EXPECT_TRUE(call(node_call::op::restart, "task").changed);
}

TEST_F(Supervisor, AFailedStartOnRequestIsToldAndNotRetried) {
  start(tree("shop", strategy::one_for_one, {service("db"), service("web")}));
  (void)call(node_call::op::stop, "web");
  os.refused["web"] = "chdir /nope: no such file or directory (ENOENT)";
  take_log();
  const auto outcome = call(node_call::op::start, "web");
  EXPECT_EQ(outcome.failure.message, "web could not start: chdir /nope: no such file or directory (ENOENT)");
  EXPECT_THAT(take_log(), ElementsAre("launch web#2"));
}

TEST_F(Supervisor, StopOfASlowStartCutsItShort) {
  auto web = service("web");
  web.ready = {ready_tcp{"127.0.0.1", 80}, 60s, 100ms};
  start(tree("shop", strategy::one_for_one, {service("db")}));
  const auto entry = std::make_shared<const child_entry>(entry_of(std::make_shared<const service_spec>(web)));
  caf::anon_send(root, node_call{node_call::op::add, "web", entry, {}});
  run();
  EXPECT_EQ(node("web").state, node_state::starting);
  (void)call(node_call::op::stop, "web");
  EXPECT_EQ(os.count_alive(), 1u); // db
}

TEST_F(Supervisor, ACrashedProcessActorIsReplacedAndTheProgramNotTouched) {
  start(tree("shop", strategy::one_for_all, {service("db"), service("web")}));
  take_log();
  const auto pid = node("web").pid;
  caf::anon_send_exit(os.actor_of(os.alive("web")), caf::exit_reason::kill);
  run();
  EXPECT_THAT(take_log(), ElementsAre("adopt web#1"));
  EXPECT_EQ(node("web").pid, pid);
  EXPECT_EQ(node("web").restarts, 0u);
  end("web", exit_status::code(1)); // and it is still supervised
  EXPECT_EQ(node("web").generation, 2u);
}

TEST_F(Supervisor, ACrashedNestedSupervisorIsReplacedAndItsProgramsNotTouched) {
  auto inner = tree("backend", strategy::one_for_all, {service("cache"), service("api")});
  auto spec = tree("shop", strategy::rest_for_one, {});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(inner));
  spec.children.emplace_back(std::make_shared<const service_spec>(service("web")));
  start(spec);
  take_log();
  caf::anon_send_exit(shared.parents["shop/api"_node], caf::exit_reason::kill);
  run();
  EXPECT_THAT(take_log(), ElementsAre("adopt cache#1", "adopt api#1"));
  end("api", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("signal cache#1 15", "launch cache#2", "launch api#2"));
}

TEST_F(Supervisor, ResumesWhatRunsAndKeepsDownWhatWasDown) {
  start(tree("shop", strategy::one_for_one, {service("db"), service("web"), service("mail")}));
  (void)call(node_call::op::stop, "mail");
  os.end(os.alive("web"), exit_status::code(1)); // it dies while nobody looks after it
  os.processes.erase(process_id{"shop/web"_node, 1});
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  take_log();
  start(tree("shop", strategy::one_for_one, {service("db"), service("web"), service("mail")}), /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("adopt db#1", "launch web#2"));
  EXPECT_EQ(node("mail").state, node_state::stopped);
  EXPECT_EQ(node("db").state, node_state::running);
}

TEST_F(Supervisor, ItsEndEndsTheActorsBelowAndLeavesTheirProgramsAlone) {
  auto inner = tree("backend", strategy::one_for_all, {service("cache"), service("api")});
  auto spec = tree("shop", strategy::rest_for_one, {service("web")});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(inner));
  start(spec);
  take_log();
  std::size_t ended = 0;
  for (const auto& [id, p] : os.processes)
    os.actor_of(id)->attach_functor([&ended] { ++ended; });
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  EXPECT_EQ(ended, 3u);
  EXPECT_THAT(take_log(), IsEmpty());
  EXPECT_EQ(os.count_alive(), 3u);
}

TEST_F(Supervisor, ADeciderThatDoesNotAnswerIsReplacedByTheBuiltInRule) {
  class silent final : public actor_base<decider_actor> {
  public:
    explicit silent(caf::actor_config& c) : actor_base(c) {}
    behavior_type make_behavior() override {
      return {[this](const decide_restart&) { return promise_ = make_response_promise<restart_decided>(); }};
    }
    void on_exit() override { promise_ = {}; } // which holds whoever asked
    caf::typed_response_promise<restart_decided> promise_;
  };
  const auto spec = tree("shop", strategy::one_for_one, {service("web")});
  const decider_actor decider{system.spawn<silent>()};
  root = system.spawn<supervisor>(shared, plan_of("shop", spec), parent_actor{parent}, decider);
  caf::anon_send(root, start_order{1, {}, false, 0});
  run();
  end("web", exit_status::code(1));
  EXPECT_EQ(os.count_alive(), 0u);
  advance(1s);
  EXPECT_EQ(os.count_alive(), 1u);
  caf::anon_send_exit(decider, caf::exit_reason::user_shutdown);
  run();
}

TEST_F(Supervisor, ASuccessorKnowsTheRestartWindow) {
  auto spec = tree("shop", strategy::one_for_one, {service("db"), service("web")});
  spec.intensity = {2, 10s};
  start(spec);
  for (int i = 0; i < 2; ++i)
    end("web", exit_status::code(3));
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  start(spec, /*resume=*/true);
  EXPECT_THAT(heard.ends, IsEmpty());
  end("web", exit_status::code(3));
  EXPECT_TRUE(heard.ends.at(0).reason.gave_up);
}

TEST_F(Supervisor, AChildThatNeverLastsFailsAloneAndIsResetByHand) {
  auto web = service("web");
  web.restart_limit = {1s, /*max_unstable=*/3, /*hourly=*/0};
  auto spec = tree("shop", strategy::one_for_all, {service("db"), web});
  spec.intensity = {100, 5s};
  start(spec);
  for (int i = 0; i < 2; ++i)
    end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::running);
  const auto db = os.alive("db");
  take_log();
  end("web", exit_status::code(1));
  EXPECT_THAT(take_log(), IsEmpty()) << "its group is not restarted with it";
  EXPECT_EQ(node("web").state, node_state::failed);
  EXPECT_EQ(node("web").restarts, 2u);
  EXPECT_EQ(os.alive("db"), db);
  EXPECT_THAT(heard.ends, IsEmpty());
  EXPECT_THAT(sentences(), Contains(HasSubstr("3 consecutive starts lasted less than 1s")));
  EXPECT_TRUE(call(node_call::op::reset, "web").failure.message.empty());
  EXPECT_EQ(node("web").restarts, 0u);
  EXPECT_EQ(node("web").state, node_state::failed) << "a reset starts nothing";
  (void)call(node_call::op::start, "web");
  for (int i = 0; i < 2; ++i) // it is counted from the beginning
    end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::running);
}

TEST_F(Supervisor, AResetEndsTheWaitForANextHour) {
  auto web = service("web");
  web.restart_limit = {1s, /*max_unstable=*/0, /*hourly=*/1};
  start(tree("shop", strategy::one_for_one, {web}));
  end("web", exit_status::code(1));
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::backoff);
  EXPECT_TRUE(call(node_call::op::reset, "web").failure.message.empty());
  EXPECT_EQ(node("web").state, node_state::running);
}

TEST_F(Supervisor, AChildOfASupervisorThatGaveUpDoesNotLookAsIfItWereStartedAgain) {
  auto slow = service("slow");
  slow.backoff.min = 5min;
  auto spec = tree("shop", strategy::one_for_one, {slow, service("quick")});
  spec.intensity = {1, 10s};
  start(spec);
  end("slow", exit_status::code(1));
  EXPECT_EQ(node("slow").state, node_state::backoff);
  end("quick", exit_status::code(1));
  EXPECT_EQ(node("slow").state, node_state::stopped);
  EXPECT_FALSE(node("slow").next_attempt);
}

TEST_F(Supervisor, AResetLetsItCountFromTheBeginningWhileItRuns) {
  auto web = service("web");
  web.restart_limit = {1s, /*max_unstable=*/2, /*hourly=*/0};
  const auto spec = tree("shop", strategy::one_for_one, {web});
  start(spec);
  end("web", exit_status::code(1));
  (void)call(node_call::op::reset, "web");
  EXPECT_EQ(shared.memories["shop/shop"_node].children["web"].limits, policy::restart_memory{})
      << "a successor knows it";
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::running);
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::failed);
}

TEST_F(Supervisor, AFatalExitCodeFailsItAtOnceAndUncounted) {
  auto web = service("web");
  web.fatal_exit_codes = {78};
  auto spec = tree("shop", strategy::one_for_one, {service("db"), web});
  spec.intensity = {0, 5s};
  start(spec);
  end("web", exit_status::code(78));
  EXPECT_EQ(node("web").state, node_state::failed);
  EXPECT_EQ(node("db").state, node_state::running);
  EXPECT_THAT(heard.ends, IsEmpty());
}

TEST_F(Supervisor, ASuccessorCountsTheRestartsOfTheHourThatWere) {
  auto web = service("web");
  web.restart_limit.hourly = 2;
  const auto spec = tree("shop", strategy::one_for_one, {web});
  start(spec);
  for (int i = 0; i < 2; ++i)
    end("web", exit_status::code(1));
  advance(10min);
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  start(spec, /*resume=*/true);
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").state, node_state::backoff);
  EXPECT_THAT(node("web").reason, HasSubstr("was restarted 2 times within an hour"));
  take_log();
  advance(50min - 1ms);
  EXPECT_THAT(take_log(), IsEmpty());
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("launch web#4"));
}

TEST_F(Supervisor, ASuccessorWaitsForTheAttemptThatWasPutOff) {
  auto web = service("web");
  web.backoff = {1000ms, 30s, 2.0, 0.0, 60s};
  start(tree("shop", strategy::one_for_one, {web}));
  end("web", exit_status::code(1));
  advance(600ms);
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  take_log();
  start(tree("shop", strategy::one_for_one, {web}), /*resume=*/true);
  EXPECT_EQ(node("web").state, node_state::backoff);
  advance(399ms);
  EXPECT_THAT(take_log(), IsEmpty());
  advance(1ms);
  EXPECT_THAT(take_log(), ElementsAre("launch web#2"));
}

TEST_F(Supervisor, ASuccessorFinishesAGroupRestartAndSaysSo) {
  start(tree("shop", strategy::one_for_all, {service("db"), service("web")}));
  os.stubborn = {"db"};
  end("web", exit_status::code(1)); // db is being stopped
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  take_log();
  os.stubborn.clear();
  start(tree("shop", strategy::one_for_all, {service("db"), service("web")}), /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("adopt db#1", "signal db#1 15", "launch db#2", "launch web#2"));
  EXPECT_EQ(node("shop").counted.size(), 1u);
  EXPECT_THAT(sentences(), Contains("the restart of web, interrupted when the daemon exited, has been completed"));
}

TEST_F(Supervisor, ASuccessorCountsAnExitOnceThoughTheKeeperTellsItAgain) {
  auto spec = tree("shop", strategy::one_for_one, {service("web")});
  spec.intensity = {1, 10s};
  start(spec);
  end("web", exit_status::code(1));
  os.processes[process_id{"shop/web"_node, 1}] = {
      {}, 99, wire::process_note{}, /*alive=*/false, {}, exit_status::code(1)};
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  take_log();
  start(spec, /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("discard web#1", "adopt web#2"));
  EXPECT_THAT(heard.ends, IsEmpty());
}

TEST_F(Supervisor, ASuccessorKnowsTheLastExitThatNobodyCouldWriteDown) {
  start(tree("shop", strategy::one_for_one, {service("web")}));
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  os.processes[process_id{"shop/web"_node, 2}] = {
      {}, 98, wire::process_note{}, /*alive=*/false, {}, exit_status::code(5)};
  os.processes[process_id{"shop/web"_node, 3}] = {{}, 99, wire::process_note{}};
  os.processes.erase(process_id{"shop/web"_node, 1});
  take_log();
  start(tree("shop", strategy::one_for_one, {service("web")}), /*resume=*/true);
  EXPECT_THAT(take_log(), ElementsAre("discard web#2", "adopt web#3"));
  ASSERT_TRUE(node("web").last_exit);
  EXPECT_EQ(node("web").last_exit->status, exit_status::code(5));
}

/// What the journal gives the board of the next daemon.
former_state written_down(const node_snapshot& node) {
  return {node.state, node.since, node.reason, node.why, node.generation};
}

class AfterADaemon : public Supervisor {
protected:
  /// The daemon is killed and the next one begins; `forget` changes what it knows of a node.
  void next_daemon(const supervisor_spec& spec, const std::function<void(node_snapshot&)>& forget = {}) {
    std::map<std::string, node_snapshot> before;
    for (const auto& known : shared.nodes.in_order(spec.name))
      before[known->name] = *known;
    caf::anon_send_exit(root, caf::exit_reason::kill);
    run();
    shared.nodes.remove_tree(spec.name);
    for (const auto& [name, was] : before)
      shared.nodes.update(spec.name, name, [&, &was = was](node_snapshot& node) {
        node.generation = was.generation;
        node.restarts = was.restarts;
        node.last_exit = was.last_exit;
        node.health = was.health;
        node.complaints = was.complaints;
        node.forced = was.forced;
        node.status = was.status;
        node.settled = was.settled;
        if (!was.settled) node.former = written_down(was);
        if (forget) forget(node);
      });
    advance(1h);
    take_log();
    start(spec, /*resume=*/true);
  }
};

TEST_F(AfterADaemon, WhatIsTakenOverRunsForTheReasonItWasStartedForAndSinceThen) {
  auto spec = tree("shop", strategy::one_for_all, {service("db"), service("web")});
  spec.children.emplace_back(
      std::make_shared<const supervisor_spec>(tree("in", strategy::one_for_one, {service("x")})));
  start(spec);
  advance(5s);
  end("web", exit_status::code(1));
  (void)call(node_call::op::restart, "db");
  std::map<std::string, node_snapshot> before;
  for (const auto* name : {"db", "web", "in", "x"})
    before[name] = node(name);
  next_daemon(spec);
  for (const auto* name : {"db", "web", "in", "x"}) {
    EXPECT_EQ(node(name).state, node_state::running) << name;
    EXPECT_EQ(node(name).reason, before[name].reason) << name;
    EXPECT_EQ(node(name).why, before[name].why) << name;
    EXPECT_EQ(node(name).since, before[name].since) << name;
    EXPECT_EQ(node(name).restarts, before[name].restarts) << name;
    EXPECT_FALSE(node(name).former) << name;
  }
  EXPECT_EQ(node("web").reason, "restarted because it exited with code 1");
  EXPECT_EQ(node("db").reason, "started on request");
  EXPECT_THAT(sentences(), Contains(HasSubstr("web kept running")));
}

TEST_F(AfterADaemon, AReasonThatIsAboutAnotherProcessIsNotThatOfThisOne) {
  const auto spec = tree("shop", strategy::one_for_one, {service("web")});
  start(spec);
  next_daemon(spec, [](node_snapshot& node) {
    if (!node.former) return;
    node.former->generation = 7;
    node.health = "failed its health check";
    node.complaints = {{"health", node.health}};
    node.forced = forced_end{"of another", true};
  });
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_EQ(node("web").reason, "it kept running while the daemon was down");
  EXPECT_EQ(node("web").health, "");
  EXPECT_FALSE(node("web").forced);
}

TEST_F(AfterADaemon, WhatStartsOnlyNowIsToldAsStarted) {
  const auto spec = tree("shop", strategy::one_for_one, {service("web")});
  start(spec, /*resume=*/true); // nothing was there
  EXPECT_EQ(node("web").reason, "started by its supervisor");
  EXPECT_THAT(sentences(), Contains(HasSubstr("web is running (pid")));
}

TEST_F(AfterADaemon, WhatWaitedForItsReadinessGoesOnWaitingAndIsToldWhenItIsReady) {
  auto web = service("web");
  web.ready.check = ready_tcp{"127.0.0.1", 6400};
  web.ready.timeout = 24h;
  const auto spec = tree("shop", strategy::one_for_one, {web});
  start(spec);
  const auto since = node("web").since;
  next_daemon(spec);
  EXPECT_EQ(node("web").state, node_state::starting);
  EXPECT_EQ(node("web").since, since);
  ASSERT_TRUE(node("web").former) << "what is written down of it until it is taken over";
  EXPECT_EQ(node("web").former->since, since);
  os.processes[os.alive("web")].owner->tell(readiness_answered{true, {}});
  run();
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_EQ(node("web").since, shared.steady_now()) << "running since it was ready";
  EXPECT_FALSE(node("web").former);
  EXPECT_THAT(sentences(), Contains(HasSubstr("web is running (pid")));
  EXPECT_THAT(sentences(), Not(Contains(HasSubstr("web kept running"))));
}

TEST_F(AfterADaemon, WhatIsKnownAgainstAServiceIsKept) {
  const auto spec = tree("shop", strategy::one_for_one, {service("web")});
  start(spec);
  shared.nodes.update("shop", "web", [](node_snapshot& node) {
    node.status = "serving";
    node.health = "used much";
    node.complaints = {{"limits", "used much"}};
  });
  next_daemon(spec);
  EXPECT_EQ(node("web").health, "used much");
  EXPECT_EQ(node("web").status, "serving");
  end("web", exit_status::code(1));
  EXPECT_EQ(node("web").health, "") << "the next process has done nothing yet";
  EXPECT_THAT(node("web").complaints, IsEmpty());
}

TEST_F(AfterADaemon, WhatWasBeingEndedBecauseItDoesNotWorkIsStillRestartedForThat) {
  auto web = service("web");
  web.restart = restart_kind::transient;
  web.clean_signals = {15};
  web.heartbeat = heartbeat_spec{1s, 2, remedy::restart};
  os.stubborn = {"web"};
  const auto spec = tree("shop", strategy::one_for_one, {web});
  start(spec);
  advance(2s);
  advance(1s); // its last chance is over
  ASSERT_EQ(node("web").state, node_state::stopping);
  const auto since = node("web").since;
  next_daemon(spec);
  EXPECT_THAT(take_log(), ElementsAre("adopt web#1", "signal web#1 15"));
  EXPECT_EQ(node("web").state, node_state::stopping);
  EXPECT_EQ(node("web").since, since);
  EXPECT_THAT(node("web").reason, HasSubstr("sent no heartbeat"));
  end("web", exit_status::signal(15));
  EXPECT_EQ(node("web").generation, 2u);
  EXPECT_THAT(node("web").reason, HasSubstr("restarted because it sent no heartbeat"));
}

TEST_F(AfterADaemon, WhatWaitsForItsNextAttemptHasWaitedSinceItsExit) {
  auto web = service("web");
  web.backoff = backoff{3h, 3h, 2.0, /*jitter=*/0.0, 60s, 3h};
  const auto spec = tree("shop", strategy::one_for_one, {web});
  start(spec);
  end("web", exit_status::code(1));
  ASSERT_EQ(node("web").state, node_state::backoff);
  const auto before = node("web");
  next_daemon(spec);
  EXPECT_EQ(node("web").state, node_state::backoff);
  EXPECT_EQ(node("web").since, before.since);
  EXPECT_EQ(node("web").reason, before.reason);
}

TEST_F(AfterADaemon, WhatIsIdleIsIdleSinceThen) {
  auto job = service("job");
  job.autostart = false;
  const auto spec = tree("shop", strategy::one_for_one, {job});
  start(spec);
  const auto before = node("job");
  ASSERT_EQ(before.state, node_state::stopped);
  next_daemon(spec);
  EXPECT_EQ(node("job").since, before.since);
  EXPECT_EQ(node("job").reason, before.reason);
}

TEST_F(Supervisor, ATreeThatComesUpWithTheDaemonSaysSoDownToItsServices) {
  auto spec = tree("shop", strategy::one_for_one, {});
  spec.children.emplace_back(
      std::make_shared<const supervisor_spec>(tree("in", strategy::one_for_one, {service("x")})));
  root = system.spawn<supervisor>(shared, plan_of(spec.name, spec), parent_actor{parent});
  caf::anon_send(root, start_order{1, {cause::kind::tree_start, "tree shop", "it was up", {}}, /*resume=*/true, 0});
  run();
  EXPECT_EQ(node("in").reason, "started because it was up");
  EXPECT_EQ(node("x").reason, "started because it was up");
  EXPECT_THAT(sentences(), Contains("in is running, started because it was up"));
  (void)call(node_call::op::restart, "in");
  EXPECT_EQ(node("x").reason, "started by its supervisor") << "not any more";
}

TEST_F(Supervisor, ANestedSupervisorThatIsRestartedInTheMiddleOfAChangeComesUpWithoutWhatIsBeingRemoved) {
  auto spec = tree("shop", strategy::one_for_one, {});
  spec.children.emplace_back(
      std::make_shared<const supervisor_spec>(tree("in", strategy::one_for_one, {service("old"), service("kept")})));
  spec.children.emplace_back(
      std::make_shared<const supervisor_spec>(tree("other", strategy::one_for_one, {service("moves")})));
  start(spec);
  auto next = tree("in", strategy::one_for_one, {service("kept"), service("moves")});
  shared.changing_to = [next = std::make_shared<const supervisor_spec>(next)](const std::string& tree,
                                                                              const std::string& name) {
    return tree == "shop" && name == "in" ? next : nullptr;
  };
  take_log();
  (void)call(node_call::op::restart, "in");
  EXPECT_THAT(take_log(), ElementsAre("signal kept#1 15", "signal old#1 15", "launch kept#2"))
      << "and what is still elsewhere comes when it is free";
  EXPECT_FALSE(shared.nodes.find("shop", "old"));
  EXPECT_EQ(node("moves").parent, "other");
  EXPECT_EQ(node("moves").state, node_state::running);
  shared.changing_to = nullptr; // the change is over; what replaces its actor takes over what runs
  caf::anon_send_exit(shared.parents["shop/kept"_node], caf::exit_reason::kill);
  run();
  EXPECT_EQ(node("kept").generation, 2u);
}

TEST_F(Supervisor, AStartFromScratchLeavesNothingOfAFormerLifeRunning) {
  os.processes[process_id{"shop/web"_node, 7}] = {{}, 99, wire::process_note{}};
  start(tree("shop", strategy::one_for_one, {service("web")}));
  EXPECT_THAT(take_log(), ElementsAre("discard web#7", "launch web#1"));
}

TEST_F(Supervisor, ARestartThatWasCountedAndNotMadeIsNotCountedAgain) {
  start(tree("shop", strategy::one_for_one, {service("web")}));
  os.refused["web"] = "the daemon dies first";
  std::map<node_id, policy::supervision_memory> written;
  shared.on_remembered = [&](const node_id& id, const std::vector<std::string>&) {
    if (written.empty()) written[id] = shared.memories[id]; // what the journal holds when the daemon dies
  };
  end("web", exit_status::code(1));
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  shared.on_remembered = nullptr;
  ASSERT_TRUE(written["shop/shop"_node].under_way);
  shared.memories = written;
  shared.nodes.update("shop", "web", [](node_snapshot& node) {
    node.restarts = 1;
    node.generation = 2;
  });
  os.refused.clear();
  os.processes.clear();
  start(tree("shop", strategy::one_for_one, {service("web")}), /*resume=*/true);
  EXPECT_EQ(node("web").state, node_state::running);
  EXPECT_EQ(node("web").restarts, 1u);
}

TEST_F(Supervisor, WhatAFormerDaemonWasStoppingHasNotFailedWhateverItsCode) {
  const cause request{cause::kind::request, {}, {}, {}};
  auto& memory = shared.memories["shop/shop"_node];
  memory.generation = 1;
  memory.under_way = policy::unfinished_work{policy::unfinished_work::kind::stop, "web", false, {{"web", 1, request}}};
  os.processes[process_id{"shop/web"_node, 1}] = {
      {}, 99, wire::process_note{}, /*alive=*/false, wall_time{1h}, exit_status::code(143)};
  os.processes[process_id{"shop/db"_node, 1}] = {
      {}, 98, wire::process_note{}, /*alive=*/true, wall_time{1h}}; // is taken over after it
  start(tree("shop", strategy::one_for_one, {service("web"), service("db")}), /*resume=*/true);
  EXPECT_EQ(node("web").state, node_state::stopped);
  EXPECT_EQ(node("web").reason, "stopped on request");
  EXPECT_EQ(node("web").restarts, 0u);
  EXPECT_THAT(sentences(), Contains("web was stopped on request"));
  EXPECT_THAT(sentences(), ::testing::Not(Contains(HasSubstr("143"))));
}

} // namespace
} // namespace alder::actors::testing
