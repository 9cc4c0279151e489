#include "actors/host/lost_and_found.hpp"

#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/os/proc.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LostAndFound : public host_bed {
protected:
  static store::noted_process noted(const process_id& id, const living_process& of) {
    return {.id = id.node,
            .generation = id.generation,
            .pid = of.pid(),
            .start_ticks = os::read_stat(of.pid())->start_ticks,
            .out = 0,
            .err = 0,
            .started_ms = 1500,
            .note = "2"};
  }
  lost_and_found::finder host() {
    return {[this](keeper::child&& child) {
              happened.push_back((child.exited ? "ended " : "runs ") + child.id.text());
              run({child.id, child.gen}, child.pid);
            },
            [this](keeper::child&& child) { happened.push_back("started " + child.id.text()); },
            [this](const process_id& id, int, exit_status) { happened.push_back("exited " + id.node.text()); },
            [this](const process_id& id, const error&) { happened.push_back("failed " + id.node.text()); }};
  }
  std::vector<std::string> happened;
  lost_and_found lost{table, members, commands, channel, host()};
};

TEST_F(LostAndFound, WhatLivesIsTakenOverAndTheKeeperIsTold) {
  const living_process one;
  auto dead = std::make_unique<living_process>();
  const auto ended = noted({"shop/db"_node, 4}, *dead);
  dead.reset();
  const auto life = lost.adopt({noted(web, one), ended}, wall_time{1h});
  EXPECT_TRUE(life.goes_on);
  EXPECT_EQ(life.news, "the keeper and the daemon were killed together: 1 service was found running and is supervised "
                       "again, 1 had exited");
  EXPECT_THAT(happened, ElementsAre("ended shop/db", "runs shop/web"));
  std::vector<std::string> told;
  for (const auto& frame : keeper.heard())
    if (const auto* adopted = std::get_if<wire::adopt_frame>(&frame))
      told.push_back(adopted->id.text() + (adopted->held.empty() ? "" : " " + adopted->held.front()));
  EXPECT_THAT(told, ElementsAre("shop/db", "shop/web pidfd"));
}

TEST_F(LostAndFound, WhatTheKeeperWasToldOfIsAsItHasIt) {
  const living_process one;
  run(web, one.pid());
  const auto life = lost.adopt({noted(web, one)}, wall_time{1h});
  EXPECT_TRUE(life.goes_on);
  EXPECT_EQ(life.news, "");
  EXPECT_THAT(happened, IsEmpty());
}

TEST_F(LostAndFound, NothingIsTakenOverWithoutTheDescriptorsForAll) {
  const living_process one;
  std::size_t left = 1000;
  os::descriptor_budget budget{16, [&] { return os::descriptor_count{0, left + 16}; }};
  EXPECT_TRUE(lost.has_descriptors_for({noted(web, one)}, budget));
  left = 3;
  os::descriptor_budget small{16, [&] { return os::descriptor_count{0, left + 16}; }};
  EXPECT_FALSE(lost.has_descriptors_for({noted(web, one)}, small));
  run(web, one.pid());
  EXPECT_TRUE(lost.has_descriptors_for({noted(web, one)}, small)) << "the keeper has it";
}

TEST_F(LostAndFound, ARunInTheForegroundEndsWhatAnotherLeft) {
  const living_process one;
  lost.end({noted(web, one)});
  EXPECT_EQ(::waitpid(one.pid(), nullptr, 0), one.pid());
}

TEST_F(LostAndFound, AStartThatWasNotMadeIsAskedForAgainIfItIsWanted) {
  auto& process = table.enter(web);
  keeper::launch asked;
  asked.id = web.node;
  asked.gen = web.generation;
  asked.start.command = {"true"};
  asked.start.cwd = "/";
  asked.start.environment = {{"PATH", "/usr/bin:/bin"}};
  process.asked = std::make_unique<const keeper::launch>(std::move(asked));
  std::vector<keeper::client::unanswered> starts;
  starts.push_back({web.node, web.generation, {}});
  starts.push_back({"shop/unwanted"_node, 1, {}});
  lost.settle(std::move(starts), wall_time{1h});
  EXPECT_EQ(keeper.starts().size(), 1u);
  EXPECT_THAT(happened, ElementsAre("failed shop/unwanted"));
}

} // namespace
} // namespace alder::actors::testing
