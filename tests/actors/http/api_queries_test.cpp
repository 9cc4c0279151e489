// How requests that look are read, and what they find.
#include "tests/actors/support/http_bed.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ApiQueries : public http_bed {
protected:
  ApiQueries() { add_shop(); }
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
