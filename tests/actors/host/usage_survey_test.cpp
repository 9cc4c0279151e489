#include "actors/host/usage_survey.hpp"

#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"

namespace alder::actors::testing {
namespace {

using namespace std::chrono_literals;

class UsageSurvey : public host_bed {
protected:
  usage_survey usage{loop, table, members};
};

TEST_F(UsageSurvey, LooksAtThoseThatRun) {
  const living_process main;
  run(web, main.pid());
  const living_process former;
  run({"shop/down"_node, 1}, former.pid()).alive = false;
  EXPECT_GT(usage.of(web).memory, 0u);
  EXPECT_EQ(usage.of({"shop/gone"_node, 1}).memory, 0u);
  usage_survey::usage_of_nodes found;
  bool is_done = false;
  usage.look_at(
      {"shop/web"_node, "shop/down"_node, "shop/gone"_node}, /*exact=*/true, [] { return wall_time{1h}; },
      [&](const usage_survey::usage_of_nodes& all) {
        found = all;
        is_done = true;
      });
  ASSERT_TRUE(run_until([&] { return is_done; }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found["shop/web"_node].processes, 1u);
  EXPECT_GT(found["shop/web"_node].descriptors, 0u);
}

TEST_F(UsageSurvey, ManyAreLookedAtInSeveralTurns) {
  std::vector<node_id> nodes(200, "shop/gone"_node);
  bool is_done = false;
  usage.look_at(
      nodes, /*exact=*/false, [] { return wall_time{1h}; },
      [&](const usage_survey::usage_of_nodes&) { is_done = true; });
  EXPECT_FALSE(is_done);
  ASSERT_TRUE(run_until([&] { return is_done; }));
}

} // namespace
} // namespace alder::actors::testing
