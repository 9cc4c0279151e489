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

TEST_F(UsageSurvey, ManyWhoAskWithinASecondAreToldTheSame) {
  const living_process main;
  run(web, main.pid());
  const auto ask = [&](wall_time now, bool exact = false) {
    usage_survey::usage_of_nodes found;
    usage.look_at(
        {"shop/web"_node}, exact, [now] { return now; }, [&](const auto& all) { found = all; });
    EXPECT_TRUE(run_until([&] { return !found.empty(); }));
    return found["shop/web"_node];
  };
  const auto first = ask(wall_time{1h});
  EXPECT_EQ(first.processes, 1u);
  table.find(web)->measured->processes = 77; // as nothing that is measured could be
  EXPECT_EQ(ask(wall_time{1h + 999ms}).processes, 77u);
  EXPECT_EQ(ask(wall_time{1h + 999ms}, /*exact=*/true).processes, 1u);
  EXPECT_EQ(ask(wall_time{1h + 1s}).processes, 1u);
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
