// How requests for events and lines are read.
#include "tests/actors/support/http_bed.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiStreamQueries : public http_bed {
protected:
  ApiStreamQueries() { add_shop(); }

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

TEST_F(ApiStreamQueries, EventsAreThoseOfWhoIsMeantAndTheLastOnes) {
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

TEST_F(ApiStreamQueries, ABrowserThatReconnectsGetsAllThatItMissed) {
  announce("web", 150); // more than are shown to one who has seen none
  auto request = request_of("GET", "v1/events");
  EXPECT_EQ(ask(request)->streamed->pushed.size(), 100u);
  request.last_event_id = "10";
  EXPECT_EQ(ask(request)->streamed->pushed.size(), 140u);
  request.last_event_id = "ten";
  EXPECT_EQ(ask(request)->code, "bad_request");
}

TEST_F(ApiStreamQueries, AnArgumentOfLogsThatIsWrongIsNamed) {
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

} // namespace
} // namespace alder::actors::testing
