// What requests that do something wish for, and how they are answered.
#include "tests/actors/support/http_bed.hpp"

#include "actors/office/requests.hpp"

#include "runtime/wire/ad_hoc.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using op = node_call::op;

const wire::operation_result success_of_it{/*changed=*/true, std::nullopt};
const wire::operation_result failure_of_it{false, wire::problem{"start_failed", "it does not start", {}, {}}};

class ApiCommands : public http_bed {
protected:
  ApiCommands() { add_shop(); }

  static std::string config(const std::string& file, const std::string& text) {
    std::string escaped;
    for (const char c : text)
      escaped += c == '\n' ? "\\n" : std::string(1, c);
    return R"({"file":")" + file + R"(","text":")" + escaped + R"(","environment":{}})";
  }
  /// Answered when a thread has read what it has to.
  std::shared_ptr<kept_answer> ask_and_read(const std::string& method, const std::string& path, fields query,
                                            std::string body) {
    auto out = ask(method, path, std::move(query), std::move(body));
    await([&] { return out->answers > 0; });
    return out;
  }
};

TEST_F(ApiCommands, ANodeIsActedOnAsTheRequestSays) {
  const std::vector<std::pair<std::string, op>> all{{"start", op::start},
                                                    {"stop", op::stop},
                                                    {"terminate", op::stop},
                                                    {"restart", op::restart},
                                                    {"reset", op::reset}};
  for (const auto& [word, what] : all) {
    wishes.clear();
    EXPECT_EQ(ask("POST", "v1/services/db/" + word)->code, "202");
    const auto& act = wished<act_on_node>();
    EXPECT_EQ(act.what, what) << word;
    EXPECT_EQ(act.tree, "shop");
    EXPECT_EQ(act.name, "db");
    EXPECT_EQ(act.goal, start_goal::completed);
    EXPECT_EQ(act.seen, std::nullopt);
  }
  wishes.clear();
  (void)ask("DELETE", "v1/services/db");
  EXPECT_EQ(wished<act_on_node>().what, op::remove);
}

TEST_F(ApiCommands, AStartSaysHowLongItIsFollowedAndWhatWasSeen) {
  (void)ask("POST", "v1/services/db/start", {{"until", "stable"}, {"seen", "4"}});
  EXPECT_EQ(wished<act_on_node>().goal, start_goal::stable);
  EXPECT_EQ(wished<act_on_node>().seen, std::optional<generation>{4});
}

TEST_F(ApiCommands, ARequestThatWasMadeBeforeIsFollowedFromItsBeginning) {
  const auto asked_for = [](const std::string& verb, const std::string& key) {
    auto request = request_of("POST", "v1/services/gone/" + verb);
    request.idempotency_key = key;
    request.wants_ndjson = true;
    return request;
  };
  EXPECT_EQ(ask(asked_for("stop", "k-1"))->code, "no_such_node") << "nobody has asked for it before";
  shared.announce({.kind = event_kind::warning, .tree = "shop", .name = "gone"});
  shared.announce({.kind = event_kind::stopping, .tree = "shop", .name = "gone"});
  shared.announce({.kind = event_kind::stopping, .tree = "shop", .name = "web"});
  run();
  note_answer(journal, {"k-1", 1}, "stop", "shop", "gone", success_of_it);
  const auto out = ask(asked_for("stop", "k-1"));
  EXPECT_EQ(wished<act_on_node>().name, "gone");
  EXPECT_EQ(wished<act_on_node>().asked.key, "k-1");
  ASSERT_TRUE(out->streamed);
  EXPECT_THAT(out->streamed->pushed, ElementsAre("stopping 2")) << "what came after it, and is about it";
  EXPECT_EQ(ask(asked_for("restart", "k-1"))->code, "bad_request") << "another request";
  EXPECT_EQ(ask(asked_for("stop", std::string(longest_request_key + 1, 'k')))->code, "bad_request");
}

TEST_F(ApiCommands, ATreeThatWasTakenDownBeforeIsAskedForAgain) {
  note_answer(journal, {"k-1", 0}, "down", "gone", "gone", success_of_it);
  auto request = request_of("DELETE", "v1/trees/gone");
  EXPECT_EQ(ask(request)->code, "no_such_tree");
  request.idempotency_key = "k-1";
  EXPECT_EQ(ask(request)->code, "202");
  EXPECT_EQ(wished<take_down>().asked.key, "k-1");
}

TEST_F(ApiCommands, NothingIsWishedByARequestThatIsWrong) {
  const std::vector<fields> wrong{{{"until", "soon"}}, {{"seen", "x"}}, {{"seen", "-1"}}, {{"wait", "soon"}}};
  for (const auto& query : wrong)
    EXPECT_EQ(ask("POST", "v1/services/db/start", query)->code, "bad_request") << query[0].first;
  EXPECT_EQ(ask("POST", "v1/services/no/start")->code, "no_such_node");
  EXPECT_EQ(ask("PUT", "v1/config", {}, "no json")->code, "bad_request");
  EXPECT_EQ(ask("POST", "v1/services/db/scale", {}, "{}")->code, "bad_request");
  EXPECT_EQ(ask("POST", "v1/services/db/signal", {}, R"({"signal":"NO"})")->code, "bad_request");
  EXPECT_THAT(wishes, IsEmpty());
}

TEST_F(ApiCommands, WithoutAnOfficeNothingIsTaken) {
  context.submit = nullptr;
  EXPECT_EQ(ask("POST", "v1/services/db/start")->code, "stopping");
  EXPECT_EQ(ask("POST", "v1/daemon/shutdown")->code, "stopping");
}

TEST_F(ApiCommands, WhoWaitsIsAnsweredWhenItIsDone) {
  auto out = ask("POST", "v1/services/db/start", {{"wait", "10m"}});
  EXPECT_EQ(out->answers, 0u);
  wishes.at(0).done(success_of_it);
  EXPECT_EQ(out->code, "200");
  out = ask("POST", "v1/services/db/start", {{"wait", "10m"}});
  wishes.at(1).done(failure_of_it);
  EXPECT_EQ(out->code, "start_failed");
  run();
  EXPECT_THAT(sentences(), Not(Contains(HasSubstr("failed")))) << "whoever waited was told";
}

TEST_F(ApiCommands, WhoWaitsNoLongerIsToldSoAndHowItEndedIsAnEvent) {
  const auto out = ask("POST", "v1/services/db/start", {{"wait", "1ms"}});
  await([&] { return out->answers > 0; });
  EXPECT_EQ(out->code, "timed_out");
  wishes.at(0).done(failure_of_it);
  run();
  EXPECT_EQ(out->answers, 1u) << "once";
  EXPECT_THAT(sentences(), Contains(HasSubstr("the request POST /v1/services/db/start failed: it does not start")));
}

TEST_F(ApiCommands, AFailureNobodyWaitsForIsAnEvent) {
  (void)ask("POST", "v1/services/db/start");
  wishes.at(0).done(success_of_it);
  run();
  EXPECT_THAT(sentences(), IsEmpty());
  wishes.at(0).done(failure_of_it);
  run();
  EXPECT_THAT(sentences(), ElementsAre(HasSubstr("it does not start")));
  EXPECT_EQ(feed.after(0, 1).at(0)->name, "db") << "who asks for its events sees it";
}

TEST_F(ApiCommands, AStartThatSomebodyEndedByAStopIsNoFailureToTellOf) {
  (void)ask("POST", "v1/services/db/start");
  (void)ask("POST", "v1/services/db/stop");
  advance(1s);
  shared.nodes.update("shop", "db", [&](node_snapshot& node) {
    node.state = node_state::stopped;
    node.since = shared.steady_now();
    node.why = {cause::kind::request, {}, {}, {}};
  });
  wishes.at(0).done(failure_of_it);
  run();
  EXPECT_THAT(sentences(), IsEmpty());
  wishes.at(1).done(failure_of_it); // of the stop
  run();
  EXPECT_EQ(sentences().size(), 1u);
}

TEST_F(ApiCommands, WhoFollowsGetsTheEventsOfTheNodeAndHowItEnded) {
  auto request = request_of("POST", "v1/services/back/restart");
  request.wants_ndjson = true;
  const auto out = ask(request);
  ASSERT_TRUE(out->streamed);
  shared.announce({.kind = event_kind::warning, .tree = "shop", .name = "db"}); // below it
  shared.announce({.kind = event_kind::warning, .tree = "shop", .name = "web"});
  run();
  EXPECT_THAT(out->streamed->pushed, ElementsAre("warning 1"));
  wishes.at(0).done(success_of_it);
  EXPECT_THAT(out->streamed->pushed, ElementsAre("warning 1", "done"));
  EXPECT_TRUE(out->streamed->is_over);
}

TEST_F(ApiCommands, OfWhoeverHasStoppedFollowingAFailureIsAnEvent) {
  auto request = request_of("POST", "v1/services/db/restart");
  request.wants_ndjson = true;
  const auto out = ask(request);
  out->streamed->close();
  wishes.at(0).done(failure_of_it);
  run();
  EXPECT_THAT(out->streamed->pushed, IsEmpty());
  EXPECT_THAT(sentences(), Contains(HasSubstr("it does not start")));
}

TEST_F(ApiCommands, ATreeIsTakenDownByItsNameAlsoOneThatWasLost) {
  EXPECT_EQ(ask("DELETE", "v1/trees/shop")->code, "202");
  EXPECT_EQ(wished<take_down>().tree, "shop");
  wishes.clear();
  const auto out = ask("DELETE", "v1/trees/shopp");
  EXPECT_EQ(out->code, "no_such_tree");
  EXPECT_THAT(out->help, ElementsAre(HasSubstr("'shop'"), "trees: shop"));
  EXPECT_THAT(wishes, IsEmpty());
}

TEST_F(ApiCommands, ATreeAroundAnAdHocServiceIsMeantByTheName) {
  add_tree("name: " + wire::ad_hoc_tree("job") + "\nchildren:\n  - {service: job, command: /bin/job}\n", "/job.yaml");
  (void)ask("DELETE", "v1/trees/job");
  EXPECT_EQ(wished<take_down>().tree, wire::ad_hoc_tree("job"));
}

TEST_F(ApiCommands, AConfigurationIsReadBeforeItIsWished) {
  const auto text = "name: mart\nchildren:\n  - {service: a, command: /bin/true}\n";
  EXPECT_EQ(ask_and_read("PUT", "v1/config", {{"keep_going", "1"}}, config("/mart.yaml", text))->code, "202");
  const auto& up = wished<bring_up>();
  EXPECT_TRUE(up.keep_going);
  ASSERT_TRUE(up.read);
  EXPECT_EQ(up.read->loaded.tree->root.name, "mart");
}

TEST_F(ApiCommands, AConfigurationWithMistakesIsRefusedWhole) {
  const auto text = "name: mart\nchildren:\n  - {service: a, comand: /bin/true}\n";
  EXPECT_EQ(ask_and_read("PUT", "v1/config", {}, config("/mart.yaml", text))->code, "invalid_config");
  EXPECT_EQ(ask_and_read("POST", "v1/config/validate", {}, config("/mart.yaml", text))->code, "200");
  EXPECT_THAT(wishes, IsEmpty());
}

TEST_F(ApiCommands, AnAdHocServiceNeedsANameThatIsFree) {
  const auto body = [](const std::string& name) {
    return R"({"name":")" + name + R"(","command":["/bin/true"],"cwd":"/","environment":{}})";
  };
  const auto out = ask("POST", "v1/services", {}, body("db"));
  EXPECT_EQ(out->code, "conflict");
  EXPECT_THAT(out->help, Contains("or take that tree down first: alder down shop"));
  EXPECT_THAT(wishes, IsEmpty());
  EXPECT_EQ(ask_and_read("POST", "v1/services", {}, body("job"))->code, "202");
  EXPECT_EQ(wished<bring_up>().read->loaded.tree->root.name, wire::ad_hoc_tree("job"));
}

TEST_F(ApiCommands, ServicesAndPoolsAreScaledAndNothingElse) {
  const std::string three = R"({"instances":3})";
  for (const auto* name : {"back", "api:0", "shop"})
    EXPECT_EQ(ask("POST", std::string{"v1/services/"} + name + "/scale", {}, three)->code, "conflict") << name;
  EXPECT_EQ(ask_and_read("POST", "v1/services/api/scale", {{"force", "1"}}, three)->code, "202");
  const auto& scale = wished<scale_service>();
  EXPECT_EQ(scale.name, "api");
  EXPECT_EQ(scale.instances, 3u);
  EXPECT_TRUE(scale.at_any_price);
  EXPECT_TRUE(scale.read);
}

TEST_F(ApiCommands, ChildrenAreAddedToSupervisorsButNotToPools) {
  const auto text = config("/more.yaml", "children:\n  - {service: a, command: /bin/true}\n");
  EXPECT_EQ(ask("POST", "v1/supervisors/api/children", {}, text)->code, "conflict");
  EXPECT_EQ(ask("POST", "v1/supervisors/db/children", {}, text)->code, "conflict");
  EXPECT_EQ(ask_and_read("POST", "v1/supervisors/back/children", {}, text)->code, "202");
  EXPECT_EQ(wished<add_children>().supervisor, "back");
}

TEST_F(ApiCommands, WhatAChangeWouldDoIsToldAndNotWished) {
  const auto text = "name: shop\nchildren:\n  - {service: web, command: /bin/other}\n";
  const auto out = ask_and_read("POST", "v1/config/diff", {}, config("/shop.yaml", text));
  EXPECT_EQ(out->code, "200");
  EXPECT_THAT(out->body, HasSubstr(R"("name":"web")"));
  EXPECT_THAT(out->body, HasSubstr(R"("name":"back")"));
  EXPECT_THAT(wishes, IsEmpty());
}

TEST_F(ApiCommands, AChangeIsWishedWithWhatTheRequestAllows) {
  const auto text = "name: shop\nchildren:\n  - {service: web, command: /bin/other}\n";
  EXPECT_EQ(ask_and_read("POST", "v1/config/apply", {{"stop_removed", "1"}}, config("/shop.yaml", text))->code, "202");
  const auto& apply = wished<apply_config>();
  EXPECT_TRUE(apply.options.stop_removed);
  EXPECT_FALSE(apply.options.restart_changed);
  EXPECT_TRUE(apply.read);
}

TEST_F(ApiCommands, AChangeOfATreeThatIsNotUpIsRefused) {
  const auto text = "name: mart\nchildren:\n  - {service: a, command: /bin/true}\n";
  for (const auto* what : {"diff", "apply"})
    EXPECT_EQ(ask_and_read("POST", std::string{"v1/config/"} + what, {}, config("/mart.yaml", text))->code,
              "no_such_tree");
  EXPECT_THAT(wishes, IsEmpty());
}

TEST_F(ApiCommands, WhatDoesNotRunIsToldNothing) {
  const std::string hup = R"({"signal":"HUP"})";
  EXPECT_EQ(ask("POST", "v1/services/db/signal", {}, hup)->code, "conflict");
  EXPECT_EQ(ask("POST", "v1/services/back/signal", {}, hup)->code, "conflict");
  EXPECT_EQ(ask("POST", "v1/services/db/input", {}, "x")->code, "conflict");
  EXPECT_THAT(ask("POST", "v1/services/back/message", {}, "{}")->body, HasSubstr("no service below 'back' is running"));
}

TEST_F(ApiCommands, TreesThatWereInterruptedAreResumedUnlessEverythingStops) {
  shared.nodes.update("shop", "shop", [](node_snapshot& node) { node.settled = true; });
  journal.set("interrupted/shop", "true");
  EXPECT_THAT(ask("GET", "v1/daemon/resurrect")->body, HasSubstr("shop"));
  context.stopping = true;
  EXPECT_EQ(ask("POST", "v1/daemon/resurrect")->code, "stopping");
  EXPECT_EQ(trees.interrupted().size(), 1u);
  context.stopping = false;
  EXPECT_THAT(ask("POST", "v1/daemon/resurrect")->body, HasSubstr("shop"));
  EXPECT_THAT(trees.interrupted(), IsEmpty());
  EXPECT_TRUE(trees.comes_back("shop"));
}

TEST_F(ApiCommands, TheDaemonIsNotUpgradedWhileItStops) {
  context.stopping = true;
  EXPECT_EQ(ask("POST", "v1/daemon/upgrade", {}, R"({"keeper":"/bin/k","daemon":"/bin/d"})")->code, "stopping");
}

TEST_F(ApiCommands, OutputOfServicesWithoutAnyConcernsNoFiles) {
  for (const auto* what : {"reopen", "rotate"})
    EXPECT_THAT(ask("POST", std::string{"v1/logs/"} + what)->body, HasSubstr(R"("files":0)"));
  EXPECT_EQ(ask("DELETE", "v1/logs", {{"service", "no"}})->code, "no_such_node");
}

} // namespace
} // namespace alder::actors::testing
