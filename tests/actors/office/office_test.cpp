// The office: what it notes until it is answered, and what becomes of wishes when it crashes.
#include "actors/office/office.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "actors/base/extensions.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/configuration.hpp"
#include "actors/office/process_notes.hpp"
#include "actors/office/requests.hpp"
#include "actors/office/trees.hpp"

#include <gmock/gmock.h>

#include <optional>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Office : public virtual_daemon {
protected:
  Office() {
    (void)journal.open("7.100");
    (void)trees.restore(policy::what_ended::daemon);
    bring_up("name: shop\nchildren:\n  - {service: web, command: /bin/web}\n  - {service: db, command: /bin/db}\n");
    begin_office();
  }
  ~Office() override {
    caf::anon_send_exit(desk, caf::exit_reason::user_shutdown);
    desk = nullptr;
    run();
    shared.nodes.on_change = nullptr; // they follow what is known of trees
    shared.nodes.on_remove = nullptr;
    shared.on_remembered = nullptr;
    shared.on_forgotten = nullptr;
    shared.changing_to = nullptr;
  }

  /// Also another one, with the same office.
  void bring_up(const std::string& text, std::vector<policy::left_change> left = {}) {
    if (root) caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    root = nullptr;
    run();
    os.processes.clear();
    trees.remove("shop");
    store::saved_tree source;
    source.name = "shop";
    source.file = "/shop.yaml";
    source.text = text;
    source.left = std::move(left);
    auto loaded = read_configuration(source, text_is::given);
    const auto spec = std::make_shared<const supervisor_spec>(std::move(loaded.tree->root));
    trees.add({source, spec});
    start(*spec);
  }
  void begin_office() {
    desk = system.spawn<office>(context, parent_actor{parent});
    caf::anon_send(desk, start_order{1, {}, /*resume=*/true, 0});
    run();
  }
  void crash_office() {
    caf::anon_send_exit(desk, caf::exit_reason::kill);
    run();
    begin_office();
  }
  void want(decltype(wish::what) what) {
    context.submit({std::move(what), [this](const wire::operation_result& r) { answers.push_back(r); }});
    run();
  }
  void want(node_call::op what, const std::string& name, std::optional<generation> seen = {},
            const std::string& key = {}) {
    want(act_on_node{"shop", name, what, start_goal::started, seen, key});
  }
  /// As somebody who would ask the next daemon again.
  void ask_with_key(node_call::op what, const std::string& name) {
    want(act_on_node{"shop", name, what, start_goal::completed, {}, {}, {"k-1", 5}});
  }
  [[nodiscard]] std::vector<store::act_under_way> noted() const {
    std::vector<store::act_under_way> all;
    for (const auto& [key, detail] : journal.operations())
      if (auto act = store::parse_act_value(detail)) all.push_back(std::move(*act));
    return all;
  }

  test::temporary_directory dir;
  boost::asio::io_context loop;
  archive journal{loop, dir.path()};
  process_notes processes{journal};
  extensions offered{nullptr};
  known_trees trees{shared, journal, offered};
  log_hub logs{loop, dir.path()};
  office_context context{shared, trees, journal, processes, offered, feed, logs};
  office_actor desk;
  std::vector<wire::operation_result> answers;
};

TEST_F(Office, WhatIsAskedOfANodeIsNotedUntilItIsAnswered) {
  using kind = store::act_under_way::kind;
  os.stubborn = {"web"};
  want(node_call::op::stop, "web");
  want(node_call::op::restart, "db"); // has to wait for it
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_THAT(noted(), ElementsAre(store::act_under_way{"shop", "web", kind::stop, 1, "started"},
                                   store::act_under_way{"shop", "db", kind::restart, 1, "started"}));
  os.end(os.alive("web"), exit_status::signal(9));
  run();
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_THAT(noted(), IsEmpty());
  EXPECT_EQ(node("db").generation, 2u);
}

TEST_F(Office, WhatAFormerDaemonHadNotedIsDoneOnceAndNotNotedAgain) {
  const auto key = std::string{store::act_key} + "000000000007";
  journal.begin_operation(key, store::act_value({"shop", "db", store::act_under_way::kind::restart, 1}));
  want(node_call::op::restart, "db", 1, key);
  EXPECT_EQ(node("db").generation, 2u);
  EXPECT_THAT(noted(), IsEmpty());
  want(node_call::op::restart, "db", 1); // whoever asked before asks again
  EXPECT_EQ(node("db").generation, 2u);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[1].failure);
}

TEST_F(Office, WhatAFormerDaemonWasAskedForIsNoFailureWhenSomebodyElseWantedSomethingElseSince) {
  const auto key = std::string{store::act_key} + "000000000007";
  want(node_call::op::restart, "db");
  want(node_call::op::stop, "db");
  journal.begin_operation(key, store::act_value({"shop", "db", store::act_under_way::kind::restart, 1}));
  want(node_call::op::restart, "db", 1, key);
  EXPECT_EQ(node("db").state, node_state::stopped);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_FALSE(answers[2].failure);
  want(node_call::op::restart, "db", 1);
  EXPECT_EQ(answers[3].failure->detail, "db was started, but is not running any more") << "the one who asks is told";
}

constexpr auto as_key = "k-1"; ///< of somebody who asks again

TEST_F(Office, WhoAsksAgainIsToldTheSameAndItIsNotDoneAgain) {
  ask_with_key(node_call::op::stop, "db");
  want(node_call::op::start, "db"); // by somebody else
  ask_with_key(node_call::op::stop, "db");
  EXPECT_EQ(node("db").state, node_state::running) << "the later start counts";
  ask_with_key(node_call::op::remove, "web");
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_FALSE(answers[2].failure);
  EXPECT_TRUE(answers[2].changed) << "as it was";
}

TEST_F(Office, WhoAsksAgainWaitsUntilWhatAFormerDaemonHadNotedIsDone) {
  using kind = store::act_under_way::kind;
  const auto key = std::string{store::act_key} + "000000000007";
  journal.begin_operation(key, store::act_value({"shop", "db", kind::restart, 1, "completed", {as_key, 5}}));
  os.stubborn = {"db"};
  ask_with_key(node_call::op::restart, "db");
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_EQ(node("db").state, node_state::running) << "that is for the daemon to finish";
  want(act_on_node{"shop", "db", node_call::op::restart, start_goal::completed, 1, key, {as_key, 5}});
  EXPECT_THAT(answers, IsEmpty());
  os.end(os.alive("db"), exit_status::signal(9));
  run();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[1].failure);
  EXPECT_EQ(node("db").generation, 2u);
  const auto known = find_request(journal, as_key);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->since, 5u);
  EXPECT_EQ(known->what, "restart");
  ASSERT_TRUE(known->result);
  EXPECT_TRUE(known->result->changed);
}

TEST_F(Office, WhoWaitsForWhatIsUnderWayIsToldWhenEverythingIsStopped) {
  using kind = store::act_under_way::kind;
  journal.begin_operation(std::string{store::act_key} + "000000000007",
                          store::act_value({"shop", "db", kind::stop, 1, {}, {as_key, 5}}));
  ask_with_key(node_call::op::stop, "db");
  EXPECT_THAT(answers, IsEmpty());
  want(shut_down{"on request"});
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers[0].failure->code, "stopping");
}

TEST_F(Office, WhyAStartFailedIsToldByTheNodeWhenItsDaemonIsGone) {
  want(node_call::op::stop, "db");
  os.refused["db"] = "no such file";
  want(node_call::op::start, "db"); // of the former daemon, whose answer nobody got
  want(node_call::op::start, "db", 1);
  ASSERT_EQ(answers.size(), 3u);
  ASSERT_TRUE(answers[2].failure);
  EXPECT_EQ(answers[2].failure->code, "start_failed");
  EXPECT_EQ(answers[2].failure->detail, answers[1].failure->detail);
}

TEST_F(Office, WhatAFormerDaemonWasAskedForOfANodeThatIsGoneIsAnswered) {
  using op = node_call::op;
  want(act_on_node{"shop", "gone", op::remove, start_goal::started, 1, std::string{store::act_key} + "1", {as_key, 5}});
  want(act_on_node{"shop", "gone", op::stop, start_goal::started, 1, std::string{store::act_key} + "2", {"k-2", 5}});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[0].failure) << "that is what was asked for";
  EXPECT_EQ(answers[1].failure->code, "no_such_node");
  EXPECT_TRUE(find_request(journal, "k-2")->result);
}

TEST_F(Office, ATaskThatEndedForGoodIsNotRunAgainForWhoAsksAgain) {
  bring_up("name: shop\nchildren:\n  - {service: job, command: /bin/job, task: true, restart: temporary, "
           "autostart: false}\n");
  want(node_call::op::start, "job");
  const auto before = node("job").generation;
  os.end(os.alive("job"), exit_status::code(0));
  run();
  ASSERT_EQ(node("job").state, node_state::finished);
  want(node_call::op::start, "job", before - 1);
  EXPECT_EQ(node("job").generation, before);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[1].failure);
}

TEST_F(Office, ASupervisorThatAFormerDaemonRestartedIsNotUpWhileAServiceBelowItFails) {
  bring_up("name: shop\nchildren:\n  - supervisor: back\n    children: [{service: db, command: /bin/db}]\n");
  want(node_call::op::restart, "back");
  want(node_call::op::stop, "db");
  shared.nodes.update("shop", "db", [](node_snapshot& node) {
    node.state = node_state::backoff;
    node.reason = "waits for its next start";
  });
  const auto key = std::string{store::act_key} + "000000000007";
  want(act_on_node{"shop", "back", node_call::op::restart, start_goal::completed, 1, key, {as_key, 5}});
  ASSERT_EQ(answers.size(), 3u);
  ASSERT_TRUE(answers[2].failure);
  EXPECT_EQ(answers[2].failure->detail, "db is not up: it waits for its next start");
  EXPECT_EQ(node("back").generation, 2u) << "it is not restarted once more";
}

TEST_F(Office, AnswersAreKeptForAWhile) {
  for (std::size_t i = 0; i < answers_kept + 3; ++i)
    note_answer(journal, {"k-" + std::to_string(i), 0}, "stop", "shop", "web", {/*changed=*/true, std::nullopt});
  EXPECT_FALSE(find_request(journal, "k-2"));
  EXPECT_TRUE(find_request(journal, "k-3"));
  EXPECT_TRUE(find_request(journal, "k-66"));
  EXPECT_EQ(journal.operations().size(), answers_kept);
  note_answer(journal, {}, "stop", "shop", "web", {});
  EXPECT_EQ(journal.operations().size(), answers_kept) << "nobody asks again";
}

TEST_F(Office, WhatIsAddedIsKnownToTheNextDaemonFromItsStartOnAndOnlyIfItStarts) {
  const auto added = [this] { return trees.find("shop")->source.grafts.size(); };
  const auto more = [](const std::string& name) {
    add_children add{.tree = "shop", .supervisor = "shop"};
    add.source.file = "/more.yaml";
    add.source.text = "name: more\nchildren:\n  - {service: " + name + ", command: sleep 1000, ready: {log: UP}}\n";
    return add;
  };
  os.refused = {{"broken", "no such file"}};
  want(more("broken"));
  ASSERT_EQ(answers.size(), 1u);
  ASSERT_TRUE(answers[0].failure);
  EXPECT_THAT(answers[0].failure->detail, HasSubstr("no such file"));
  EXPECT_EQ(added(), 0u);
  want(more("slow"));
  ASSERT_EQ(answers.size(), 1u) << answers.back().failure.value_or(wire::problem{}).detail << ", though it starts";
  EXPECT_EQ(added(), 1u);
}

TEST_F(Office, WhoeverWaitsWhenItCrashesIsAnswered) {
  os.stubborn = {"web"};
  want(node_call::op::stop, "web");
  bool was_told = false;
  context.ask_children({"shop/shop"_node, [&](const children_answer* told) { was_told = told == nullptr; }});
  run();
  int resumed = 0;
  context.on_replaced = [&] { ++resumed; };
  crash_office();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].failure->code, "unavailable");
  EXPECT_TRUE(was_told);
  EXPECT_EQ(resumed, 1) << "what it had noted is to be finished";
  EXPECT_EQ(noted().size(), 1u);
  os.end(os.alive("web"), exit_status::signal(9));
  run();
  EXPECT_EQ(answers.size(), 1u) << "once";
  want(node_call::op::start, "web");
  EXPECT_EQ(answers.size(), 2u) << "and the next serves";
}

TEST_F(Office, AShutdownThatItBeganIsBegunAgain) {
  context.stopping = true;
  crash_office();
  EXPECT_FALSE(context.stopping) << "else nobody could ask for it";
}

TEST_F(Office, AChangeThatIsNotFinishedWhenTheDaemonStopsStaysNoted) {
  const auto key = std::string{store::change_key} + "shop";
  auto changed = *trees.find("shop");
  changed.source.grafts = {{"shop", "db", std::make_shared<const store::read_source>(changed.source)}};
  changed.source.text = "name: shop\nchildren:\n  - {service: web, command: /bin/web}\n";
  trees.replace(std::move(changed));
  os.stubborn = {"db"};
  want(finish_change{"shop", {{.stop_removed = true}, {"db"}}});
  EXPECT_EQ(node("db").state, node_state::stopping);
  context.stopping = true;
  os.end(os.alive("db"), exit_status::signal(9));
  run();
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(journal.operations().count(key), 1u) << "the next daemon looks at it";
}

const std::string three_of_api = "name: shop\nchildren:\n  - {service: api, command: /bin/api, instances: 3}\n";
const policy::change_options sync{true, true, true};

/// `web` is to be a pool of two.
std::string pool_of_web() {
  return store::tree_value({{.file = "/shop.yaml",
                             .text = "name: shop\nchildren:\n  - {service: web, command: /bin/web, instances: 2}\n"
                                     "  - {service: db, command: /bin/db}\n"},
                            "shop"});
}

TEST_F(Office, WhatIsToBeOfAnotherKindIsStoppedAsWhatItIs) {
  os.stubborn = {"web"};
  (void)take_log();
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  EXPECT_EQ(node("web").state, node_state::stopping);
  EXPECT_THAT(take_log(), ElementsAre("signal web#1 15"));
  EXPECT_TRUE(trees.find("shop")->source.text.find("instances") == std::string::npos) << "it is what it was";
  const auto noted_change = journal.operations().at(std::string{store::change_key} + "shop");
  EXPECT_THAT(noted_change, HasSubstr("\"pending\":{")) << "the next daemon begins again";
  EXPECT_THAT(noted_change, HasSubstr("instances: 2"));
  os.end(os.alive("web"), exit_status::code(0));
  run();
  EXPECT_EQ(node("web:0").state, node_state::running);
  EXPECT_EQ(node("web:1").state, node_state::running);
  EXPECT_EQ(node("db").generation, 1u);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0].failure) << answers[0].failure->detail;
}

TEST_F(Office, WhatAFormerDaemonHasStoppedIsStartedAsWhatItHasBecome) {
  want(node_call::op::stop, "web");
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  EXPECT_EQ(node("web:0").state, node_state::running);
  EXPECT_EQ(node("web:1").state, node_state::running);
}

TEST_F(Office, AChangeThatWaitsIsNotedUntilItBegins) {
  const auto noted = [&] {
    std::vector<store::waiting_change> all;
    for (const auto& [key, detail] : journal.operations())
      if (key.rfind(store::wait_key, 0) == 0) all.push_back(*store::parse_wait_value(detail));
    return all;
  };
  os.stubborn = {"web"};
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  EXPECT_THAT(noted(), IsEmpty());
  want(scale_service{"shop", "web", 3});
  want(scale_service{"shop", "web", 4});
  ASSERT_EQ(noted().size(), 2u);
  EXPECT_EQ(noted()[0].instances, 3u) << "in their order";
  EXPECT_EQ(noted()[1].service, "web");
  os.end(os.alive("web"), exit_status::code(0));
  run();
  EXPECT_EQ(node("web:3").state, node_state::running);
  EXPECT_THAT(noted(), IsEmpty());
  EXPECT_THAT(journal.operations(), IsEmpty());
  EXPECT_EQ(answers.size(), 3u);
}

TEST_F(Office, AChangeThatAFormerDaemonHadWaitingIsNotNotedAgain) {
  const auto key = std::string{store::wait_key} + "7";
  journal.begin_operation(key, store::wait_value({.tree = "shop", .service = "db", .instances = 2}));
  os.stubborn = {"web"};
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  want(scale_service{"shop", "db", 2, /*at_any_price=*/true, {}, key});
  EXPECT_EQ(journal.operations().size(), 2u) << "the change, and this";
  os.end(os.alive("web"), exit_status::code(0));
  run();
  EXPECT_EQ(node("db:1").state, node_state::running);
  EXPECT_THAT(journal.operations(), IsEmpty());
}

TEST_F(Office, AScaleThatIsAskedForAgainIsNotDoneAgain) {
  bring_up(three_of_api);
  const scale_service two{"shop", "api", 2, false, {}, {}, {as_key, 5}};
  want(two);
  want(scale_service{"shop", "api", 4}); // by somebody else
  want(two);
  EXPECT_EQ(node("api:3").state, node_state::running) << "the later one counts";
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_FALSE(answers[2].failure);
  EXPECT_TRUE(answers[2].changed) << "as it was";
  EXPECT_EQ(find_request(journal, as_key)->what, "scale");
  EXPECT_EQ(find_request(journal, as_key)->name, "api");
}

TEST_F(Office, WhoAsksForAChangeAgainWaitsUntilItIsFinished) {
  const auto noted = std::string{store::change_key} + "shop";
  store::change_under_way begun{sync, {}, {{"web", 1}}, {}, pool_of_web()};
  begun.asked = {as_key, 5};
  journal.begin_operation(noted, store::change_value(begun)); // by a former daemon
  EXPECT_EQ(find_request(journal, as_key)->what, "apply");
  apply_config again;
  again.asked = {as_key, 9};
  want(again);
  EXPECT_THAT(answers, IsEmpty());
  os.stubborn = {"web"};
  want(finish_change{"shop", begun});
  EXPECT_THAT(answers, IsEmpty());
  os.end(os.alive("web"), exit_status::code(0));
  run();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0].changed);
  EXPECT_TRUE(answers[1].changed);
  const auto known = find_request(journal, as_key);
  ASSERT_TRUE(known && known->result);
  EXPECT_EQ(known->since, 5u) << "what it has told since";
}

TEST_F(Office, AChangeThatWaitsIsKnownByItsKey) {
  os.stubborn = {"web"};
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  const scale_service waits{"shop", "db", 2, /*at_any_price=*/true, {}, {}, {as_key, 5}};
  want(waits);
  const auto known = find_request(journal, as_key);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->what, "scale");
  EXPECT_EQ(known->name, "db");
  EXPECT_FALSE(known->result);
  want(waits);
  os.end(os.alive("web"), exit_status::code(0));
  run();
  EXPECT_EQ(answers.size(), 3u);
  EXPECT_EQ(node("db:1").state, node_state::running);
}

TEST_F(Office, WhatWasRemovedWhileOthersStoppedDoesNotComeBack) {
  os.stubborn = {"web"};
  want(finish_change{"shop", {sync, {}, {{"web", 1}}, {}, pool_of_web()}});
  trees.note_removed("shop", "db"); // as somebody who removes it by hand
  os.end(os.alive("web"), exit_status::code(0));
  run();
  EXPECT_EQ(policy::find_child(*trees.find("shop")->root, "db"), nullptr);
  EXPECT_EQ(node("web:1").state, node_state::running);
}

const std::vector<policy::left_change> all_of_api{{"api:0", "api", {"command"}, false, 1},
                                                  {"api:1", "api", {"command"}, false, 1},
                                                  {"api:2", "api", {"command"}, false, 1}};

TEST_F(Office, ARollingRestartThatIsFinishedWaitsForTheInstanceThatWasRestartedLast) {
  bring_up(three_of_api, all_of_api);
  want(node_call::op::restart, "api:0"); // what the former daemon did
  ASSERT_EQ(node("api:0").generation, 2u);
  want(finish_change{"shop", {{.restart_changed = true}, {}}});
  EXPECT_EQ(node("api:1").generation, 1u) << "api:0 has not shown yet that it works";
  advance(1s);
  EXPECT_EQ(node("api:1").generation, 2u);
  advance(1s);
  advance(1s);
  EXPECT_EQ(node("api:2").generation, 2u);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[1].failure);
}

TEST_F(Office, InstancesThatAFormerDaemonHasAddedAreStartedOnce) {
  bring_up(three_of_api);
  want(node_call::op::stop, "api:1");
  want(node_call::op::stop, "api:2");
  answers.clear();
  auto added = *trees.find("shop");
  added.source.left = {{"api:1", "api", {}, /*added=*/true, 1}, {"api:2", "api", {}, /*added=*/true, 1}};
  trees.add(std::move(added));
  want(finish_change{"shop", {{.start_added = true}, {}}});
  EXPECT_EQ(node("api:1").state, node_state::running);
  EXPECT_EQ(node("api:2").state, node_state::running);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0].failure) << answers[0].failure->detail;
}

TEST_F(Office, ARollingRestartThatIsFinishedLeavesTheRestWhenOneHasNotComeUp) {
  bring_up(three_of_api, all_of_api);
  os.refused["api:0"] = "no such file";
  want(node_call::op::restart, "api:0"); // what the former daemon did
  want(finish_change{"shop", {{.restart_changed = true}, {}}});
  advance(5s);
  EXPECT_EQ(node("api:1").generation, 1u);
  EXPECT_EQ(node("api:2").generation, 1u);
  ASSERT_EQ(answers.size(), 2u);
  ASSERT_TRUE(answers[1].failure);
  EXPECT_THAT(answers[1].failure->help, Contains(HasSubstr("not restarted: api:1, api:2")));
}

} // namespace
} // namespace alder::actors::testing
