#include "actors/http/api_handlers.hpp"

#include "tests/actors/support/http_bed.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ApiHandlers : public http_bed {
protected:
  ApiHandlers() { add_shop(); }

  std::vector<std::string> covered(const fields& query, const std::set<node_id>& gone = {}) {
    node_filter about;
    problem = read_filter(request_of("GET", "v1/logs", query), "service", context, about, gone);
    std::vector<std::string> names;
    for (const auto& node : services_of(about, context))
      names.push_back(node->name);
    return names;
  }
  std::optional<wire::problem> problem;
};

TEST_F(ApiHandlers, ANumberIsWholeAndAtMostTheMost) {
  const auto read = [](const std::string& text) {
    return number(request_of("GET", "v1/logs", {{"tail", text}}), "tail", 7, 100);
  };
  EXPECT_EQ(*read("12"), 12u);
  EXPECT_EQ(*read("1000"), 100u);
  EXPECT_EQ(*read(""), 7u);
  for (const auto* text : {"x", "12x", "-1", "1.5", " 1", "99999999999999999999999"})
    EXPECT_FALSE(read(text)) << text;
}

TEST_F(ApiHandlers, AFlagIsSetUnlessItSaysNo) {
  const auto read = [](const fields& query) { return is_set(request_of("GET", "v1/logs", query), "follow"); };
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(read({{"follow", "0"}}));
  EXPECT_FALSE(read({{"follow", "false"}}));
  EXPECT_TRUE(read({{"follow", "1"}}));
  EXPECT_TRUE(read({{"follow", ""}}));
}

TEST_F(ApiHandlers, ANodeIsFoundByItsNameAloneOrWithItsTree) {
  EXPECT_EQ(find_one("db", context).node->name, "db");
  EXPECT_EQ(find_one("shop/db", context).node->name, "db");
  EXPECT_EQ(find_one("back", context).node->what, node_snapshot::kind::supervisor);
}

TEST_F(ApiHandlers, WhatIsMisspeltIsNotFoundAndTheNearestNameIsTold) {
  const auto found = find_one("dbb", context);
  EXPECT_FALSE(found.node);
  EXPECT_EQ(found.problem.code, "no_such_node");
  EXPECT_THAT(found.problem.help, ::testing::Contains(HasSubstr("'db'")));
}

TEST_F(ApiHandlers, ANameThatTwoTreesHaveIsAmbiguousAndBothAreTold) {
  add_tree("name: mart\nchildren:\n  - {service: db, command: /bin/db}\n", "/mart.yaml");
  const auto found = find_one("db", context);
  EXPECT_FALSE(found.node);
  EXPECT_EQ(found.problem.code, "ambiguous");
  EXPECT_THAT(found.problem.help, ElementsAre("mart/db", "shop/db"));
  EXPECT_TRUE(find_one("mart/db", context).node);
}

TEST_F(ApiHandlers, PartsOfTheDaemonAreNoServicesOfPeople) {
  shared.nodes.update("", "office", [](node_snapshot&) {});
  EXPECT_FALSE(find_one("office", context).node);
}

TEST_F(ApiHandlers, AFilterCoversServicesSupervisorsTreesAndPatterns) {
  EXPECT_THAT(covered({}), ElementsAre("web", "db", "api:0", "api:1"));
  EXPECT_THAT(covered({{"service", "back"}}), ElementsAre("db"));
  EXPECT_THAT(covered({{"service", "web"}, {"service", "api"}}), ElementsAre("web", "api:0", "api:1"));
  EXPECT_THAT(covered({{"service", "api:1"}}), ElementsAre("api:1"));
  EXPECT_THAT(covered({{"service", "shop"}}), ElementsAre("web", "db", "api:0", "api:1"));
  EXPECT_THAT(covered({{"service", "?b"}}), ElementsAre("db"));
  EXPECT_THAT(covered({{"service", "shop/w*"}}), ElementsAre("web"));
  EXPECT_FALSE(problem);
}

TEST_F(ApiHandlers, AFilterNamesOnlyWhatThereIs) {
  (void)covered({{"service", "no"}});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->code, "no_such_node");
  (void)covered({{"service", "x*"}});
  ASSERT_TRUE(problem);
  EXPECT_THAT(problem->detail, HasSubstr("no service matches 'x*'"));
}

TEST_F(ApiHandlers, AFilterMayNameWhatIsGoneToThoseWhoHadItsLines) {
  const std::set<node_id> gone{"shop/old"_node, "shop/pool:3"_node, "mart/x"_node};
  for (const auto* name : {"old", "shop/old", "pool", "pool:3", "shop/pool", "mart", "o?d", "mart/*"}) {
    (void)covered({{"service", name}}, gone);
    EXPECT_FALSE(problem) << name;
  }
  (void)covered({{"service", "older"}}, gone);
  EXPECT_TRUE(problem);
}

TEST_F(ApiHandlers, WhoAsksForASupervisorIsToldWhichOneAServiceHas) {
  const auto out = std::make_shared<kept_answer>();
  EXPECT_EQ(find_supervisor(request_of("GET", "v1/supervisors/back/children"), out, context)->name, "back");
  EXPECT_EQ(out->answers, 0u);
  EXPECT_FALSE(find_supervisor(request_of("GET", "v1/supervisors/db/children"), out, context));
  EXPECT_EQ(out->code, "conflict");
  EXPECT_THAT(out->help, ElementsAre(HasSubstr("back")));
}

TEST_F(ApiHandlers, ARouteIsTakenByMethodAndPath) {
  EXPECT_EQ(ask("GET", "v1/config")->code, "200");
  EXPECT_EQ(ask("POST", "v1/services/web/start")->code, "202");
  EXPECT_EQ(ask("PATCH", "v1/services/web")->code, "method_not_allowed");
  EXPECT_EQ(ask("GET", "v1/services/web/start")->code, "method_not_allowed");
  for (const auto* path : {"", "v1", "v2/config", "v1/services/web/start/now", "v1/nothing"})
    EXPECT_EQ(ask("GET", path)->code, "no_such_route") << path;
}

} // namespace
} // namespace alder::actors::testing
