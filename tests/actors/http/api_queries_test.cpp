// How requests that look are read, and what they find.
#include "tests/actors/support/http_bed.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ApiQueries : public http_bed {
protected:
  ApiQueries() { add_shop(); }

  void announce(const std::string& name, int times = 1) {
    for (int i = 0; i < times; ++i)
      shared.announce({.kind = event_kind::warning, .tree = "shop", .name = name});
    run();
  }
  std::vector<std::string> events(fields query) {
    const auto out = ask("GET", "v1/events", std::move(query));
    return out->streamed ? out->streamed->pushed : std::vector{out->code};
  }
};

TEST_F(ApiQueries, ServicesAreListedByPatternsOfTheirNamesAndOfWhatTheyAreBelow) {
  const auto listed = [this](const fields& query) { return ask("GET", "v1/services", query)->body; };
  EXPECT_THAT(listed({}), AllOf(HasSubstr(R"("name":"web")"), HasSubstr(R"("name":"db")")));
  EXPECT_THAT(listed({{"name", "d*"}}), AllOf(Not(HasSubstr(R"("name":"web")")), HasSubstr(R"("name":"db")")));
  EXPECT_THAT(listed({{"name", "back"}}), AllOf(Not(HasSubstr(R"("name":"web")")), HasSubstr(R"("name":"db")")));
  EXPECT_THAT(listed({{"name", "shop/ap?"}}), AllOf(Not(HasSubstr(R"("name":"db")")), HasSubstr(R"("name":"api:1")")));
  EXPECT_THAT(listed({{"service", "web"}}), AllOf(HasSubstr(R"("name":"web")"), Not(HasSubstr(R"("name":"db")"))));
  EXPECT_EQ(ask("GET", "v1/services", {{"service", "no"}})->code, "no_such_node");
}

TEST_F(ApiQueries, ASupervisorsRestartsCountWhileTheyAreWithinItsPeriod) {
  advance(1h);
  shared.nodes.update("shop", "back", [&](node_snapshot& node) {
    node.intensity = {3, 10s};
    node.counted = {shared.steady_now() - 2s, shared.steady_now() - 9s, shared.steady_now() - 11s};
  });
  EXPECT_THAT(ask("GET", "v1/services/back")->body, HasSubstr(R"("used":2,"left":1)"));
  advance(5s);
  EXPECT_THAT(ask("GET", "v1/services/back")->body, HasSubstr(R"("used":1,"left":2)"));
}

TEST_F(ApiQueries, TheDaemonsOwnBranchIsShownOnRequest) {
  shared.nodes.update("", "alderd", [](node_snapshot& node) { node.what = node_snapshot::kind::supervisor; });
  EXPECT_THAT(ask("GET", "v1/tree")->body, AllOf(HasSubstr(R"("name":"back")"), Not(HasSubstr("alderd"))));
  EXPECT_THAT(ask("GET", "v1/tree", {{"all", "1"}})->body, HasSubstr("alderd"));
}

TEST_F(ApiQueries, ManyServicesAreWrittenInTurnsOfTheLoop) {
  add_tree("name: mart\nchildren:\n  - {service: many, command: /bin/many, instances: 200}\n", "/mart.yaml");
  const auto out = ask("GET", "v1/services");
  EXPECT_EQ(out->answers, 0u) << "others have their turn";
  await([&] { return out->answers > 0; });
  EXPECT_THAT(out->body, AllOf(HasSubstr(R"("name":"many:0")"), HasSubstr(R"("name":"many:199")")));
}

TEST_F(ApiQueries, TheTextsThatAreUpAreToldAsTheyWereRead) {
  EXPECT_THAT(ask("GET", "v1/config")->body, AllOf(HasSubstr("/shop.yaml"), HasSubstr("supervisor: back")));
}

TEST_F(ApiQueries, EventsAreThoseOfWhoIsMeantAndTheLastOnes) {
  announce("web", 2);
  announce("db");
  EXPECT_THAT(events({}), ElementsAre("warning 1", "warning 2", "warning 3"));
  EXPECT_THAT(events({{"name", "web"}}), ElementsAre("warning 1", "warning 2"));
  EXPECT_THAT(events({{"name", "back"}}), ElementsAre("warning 3"));
  EXPECT_THAT(events({{"tail", "1"}}), ElementsAre("warning 3"));
  EXPECT_THAT(events({{"since", "2"}}), ElementsAre("warning 3"));
  EXPECT_THAT(events({{"tail", "x"}}), ElementsAre("bad_request"));
  EXPECT_THAT(events({{"since", "x"}}), ElementsAre("bad_request"));
  EXPECT_THAT(events({{"name", "no"}}), ElementsAre("no_such_node"));
}

TEST_F(ApiQueries, ABrowserThatReconnectsGetsAllThatItMissed) {
  announce("web", 150); // more than are shown to one who has seen none
  auto request = request_of("GET", "v1/events");
  EXPECT_EQ(ask(request)->streamed->pushed.size(), 100u);
  request.last_event_id = "10";
  EXPECT_EQ(ask(request)->streamed->pushed.size(), 140u);
  request.last_event_id = "ten";
  EXPECT_EQ(ask(request)->code, "bad_request");
}

TEST_F(ApiQueries, AnArgumentOfLogsThatIsWrongIsNamed) {
  const std::vector<std::pair<fields, std::string>> wrong{
      {{{"since", "yesterday"}}, "'since'"},
      {{{"until", "x"}}, "'until'"},
      {{{"grep", "("}}, "'grep'"},
      {{{"patience", "x"}}, "'patience'"},
      {{{"tail", "-1"}}, "'tail'"},
      {{{"stream", "in"}}, "'stream'"},
      {{{"after", "x"}}, "'x'"},
      {{{"service", "no"}}, "'no'"},
  };
  for (const auto& [query, named] : wrong) {
    const auto out = ask("GET", "v1/logs", query);
    EXPECT_THAT(out->body, HasSubstr(named));
    EXPECT_FALSE(out->streamed) << named;
  }
}

TEST_F(ApiQueries, ChildrenAreAskedOfTheSupervisorWhichMayBeDown) {
  const auto path = "v1/supervisors/back/children";
  EXPECT_EQ(ask("GET", path)->code, "stopping") << "there is no office";
  context.ask_children = [](const children_wish& w) {
    EXPECT_EQ(w.supervisor, id_of("shop", "back"));
    w.told(nullptr);
  };
  EXPECT_EQ(ask("GET", path)->code, "conflict");
  context.ask_children = [](const children_wish& w) {
    children_answer answer;
    answer.children.emplace_back();
    answer.children.back().state.rules.id = "db";
    w.told(&answer);
  };
  EXPECT_THAT(ask("GET", path)->body, HasSubstr(R"("db")"));
  EXPECT_EQ(ask("GET", "v1/supervisors/db/children")->code, "conflict");
}

} // namespace
} // namespace alder::actors::testing
