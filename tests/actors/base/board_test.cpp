#include "actors/base/board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace alder::actors {
namespace {

using namespace std::chrono_literals;

using ::testing::ElementsAre;

void add(board& nodes, const std::string& tree, const std::string& name, std::vector<std::string> children = {}) {
  nodes.update(tree, name, [](node_snapshot&) {});
  nodes.order_children(tree, name, children);
}

TEST(Board, ListsATreeInStartOrderSupervisorsFirst) {
  board nodes;
  add(nodes, "shop", "web");
  add(nodes, "shop", "api");
  add(nodes, "shop", "backend", {"api"});
  add(nodes, "shop", "shop", {"backend", "web"});
  std::vector<std::string> names;
  for (const auto& node : nodes.in_order("shop"))
    names.push_back(node->name);
  EXPECT_THAT(names, ElementsAre("shop", "backend", "api", "web"));
}

TEST(Board, EveryChangeMakesAnotherVersion) {
  board nodes;
  std::set<std::uint64_t> versions{nodes.version()};
  const auto is_another = [&] { return versions.insert(nodes.version()).second; };
  nodes.update("shop", "web", [](node_snapshot&) {});
  EXPECT_TRUE(is_another());
  nodes.order_children("shop", "shop", {"web"});
  EXPECT_TRUE(is_another());
  nodes.append_child("shop", "shop", "api");
  EXPECT_TRUE(is_another());
  nodes.remove_child("shop", "shop", "api");
  EXPECT_TRUE(is_another());
  nodes.remove("shop", "web");
  EXPECT_TRUE(is_another());
  nodes.remove_tree("shop");
  EXPECT_TRUE(is_another());
  nodes.remove("shop", "web"); // it is not there
  (void)nodes.in_order("shop");
  EXPECT_FALSE(is_another());
}

TEST(Board, FindsANameInEveryTreeAndAPathInOne) {
  board nodes;
  add(nodes, "a", "db");
  add(nodes, "b", "db");
  EXPECT_EQ(nodes.named("db").size(), 2u);
  EXPECT_EQ(nodes.named("b/db").size(), 1u);
  EXPECT_TRUE(nodes.named("c/db").empty());
}

TEST(Board, TellsOfEveryNodeThatGoesWithABranch) {
  board nodes;
  add(nodes, "shop", "api");
  add(nodes, "shop", "cache");
  add(nodes, "shop", "backend", {"cache", "api"});
  add(nodes, "shop", "shop", {"backend"});
  std::vector<std::string> gone;
  nodes.on_remove = [&](const std::string& tree, const std::string& name) { gone.push_back(tree + "/" + name); };
  nodes.remove_branch("shop", "backend");
  EXPECT_THAT(gone, ElementsAre("shop/backend", "shop/cache", "shop/api"));
  nodes.remove("shop", "backend");
  EXPECT_EQ(gone.size(), 3u);
  EXPECT_EQ(nodes.named("cache").size(), 0u);
}

TEST(Board, ASnapshotInAReadersHandDoesNotChange) {
  board nodes;
  add(nodes, "a", "db");
  const auto before = nodes.find("a", "db");
  nodes.update("a", "db", [](node_snapshot& node) { node.pid = 7; });
  EXPECT_EQ(before->pid, 0);
  EXPECT_EQ(nodes.find("a", "db")->pid, 7);
}

TEST(Board, IsShownByTheClockOnTheWallAsItIsNow) {
  node_snapshot node;
  node.since = wall_time{10h};
  node.next_attempt = wall_time{11h};
  node.counted = {wall_time{9h}};
  node.last_exit = last_exit{exit_status::code(1), wall_time{8h}};
  node.next_run = wall_time{12h};
  const auto later = shown(node, 1h);
  EXPECT_EQ(later.since, wall_time{11h});
  EXPECT_EQ(later.next_attempt, wall_time{12h});
  EXPECT_EQ(later.counted.front(), wall_time{10h});
  EXPECT_EQ(later.last_exit->at, wall_time{8h}) << "a moment of the wall clock";
  EXPECT_EQ(later.next_run, wall_time{12h}) << "likewise";
  EXPECT_EQ(shown(node_snapshot{}, 1h).since, wall_time{}) << "not known";
  const auto published = std::make_shared<const node_snapshot>(node);
  EXPECT_EQ(shown(published, 1ms), published);
  EXPECT_EQ(shown(published, -1h)->since, wall_time{9h});
}

} // namespace
} // namespace alder::actors
