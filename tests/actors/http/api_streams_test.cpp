#include "actors/http/api_streams.hpp"

#include "tests/actors/support/http_bed.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ApiStreams : public http_bed {
protected:
  ApiStreams() { add_shop(); }

  std::shared_ptr<kept_stream> follow(event_query query) {
    query.follow = true;
    auto out = std::make_shared<kept_stream>();
    stream_events(query, out, context);
    return out;
  }
  void announce(const std::string& name) {
    shared.announce({.kind = event_kind::warning, .tree = "shop", .name = name});
    run();
  }
  bool covers(node_filter about, const std::string& name, const std::string& tree = "shop") const {
    return about.covers(shared.nodes, tree, name);
  }
};

TEST_F(ApiStreams, AnEmptyFilterCoversEverything) { EXPECT_TRUE(covers({}, "web")); }

TEST_F(ApiStreams, ASupervisorStandsForAllBelowIt) {
  const node_filter back{{}, {id_of("shop", "back")}};
  EXPECT_TRUE(covers(back, "back"));
  EXPECT_TRUE(covers(back, "db"));
  EXPECT_FALSE(covers(back, "web"));
  EXPECT_FALSE(covers(back, "db", "mart"));
}

TEST_F(ApiStreams, ATreeStandsForAllInItAndAPatternForAllThatItMatches) {
  EXPECT_TRUE(covers({{"shop"}, {}}, "whatever"));
  EXPECT_FALSE(covers({{"shop"}, {}}, "db", "mart"));
  EXPECT_TRUE(covers({{}, {}, {"w*"}}, "web"));
  EXPECT_TRUE(covers({{}, {}, {"ap?"}}, "api:1")) << "the pool's name";
  EXPECT_FALSE(covers({{}, {}, {"w*"}}, "db"));
}

TEST_F(ApiStreams, WhatWasCoveredStaysSoWhenItIsGone) {
  node_filter about{{}, {id_of("shop", "back")}};
  EXPECT_TRUE(about.covers(shared.nodes, "shop", "db"));
  shared.nodes.remove_branch("shop", "db");
  EXPECT_TRUE(about.covers(shared.nodes, "shop", "db"));
  EXPECT_FALSE(covers({{}, {id_of("shop", "back")}}, "db")) << "nobody has seen it there";
  EXPECT_TRUE(covers({{}, {id_of("shop", "api")}}, "api:7")) << "its name tells the pool";
}

TEST_F(ApiStreams, WhoFollowsGetsWhatWasAndWhatComesUntilHeGoes) {
  announce("web");
  const auto out = follow({});
  announce("db");
  EXPECT_THAT(out->pushed, ElementsAre("warning 1", "warning 2"));
  out->close();
  announce("db");
  EXPECT_EQ(out->pushed.size(), 2u);
}

TEST_F(ApiStreams, WhatIsNoLongerKeptIsAGap) {
  for (std::size_t i = 0; i < event_feed::kept + 5; ++i)
    feed.append({.kind = event_kind::warning, .tree = "shop", .name = "web"});
  event_query query;
  query.since = 2;
  query.tail = 1;
  EXPECT_THAT(follow(query)->pushed.front(), "gap");
  query.since = 5;
  EXPECT_NE(follow(query)->pushed.front(), "gap") << "he has seen all that is gone";
}

TEST_F(ApiStreams, WhenTheDaemonGoesDownStreamsWithoutAnEndAreEnded) {
  const auto out = follow({});
  bool is_done = false;
  context.streams.finish_all(
      loop, [] { return true; }, [&] { is_done = true; });
  EXPECT_TRUE(out->is_over);
  EXPECT_TRUE(is_done);
}

TEST_F(ApiStreams, AWishForAWholeTreeIsFollowedByAllOfItsEvents) {
  const auto out = std::make_shared<kept_stream>();
  stream_wish({take_down{"shop"}, nullptr}, "shop", out, context);
  announce("db");
  announce("");
  shared.announce({.kind = event_kind::warning, .tree = "mart", .name = "db"});
  run();
  EXPECT_THAT(out->pushed, ElementsAre("warning 1", "warning 2"));
}

} // namespace
} // namespace alder::actors::testing
