#include "actors/office/node_records.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/journal_disk.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace alder::actors::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ended = policy::what_ended;

class NodeRecords : public ::testing::Test {
protected:
  /// A daemon that knows the tree "shop" alone; the next one reads what it wrote.
  struct life {
    life(test::disk_state& journal, test::disk_state& list, const std::string& boot)
        : written(loop, "/nowhere",
                  {std::make_unique<test::fake_disk>(journal), std::make_unique<test::fake_disk>(list)}),
          records(
              shared, written, [](const std::string& tree) { return tree == "shop"; }, boot) {
      shared.timer_now = [this] { return now; };
      (void)written.open("7.100");
      for (const auto* name : {"shop", "web", "db"}) // they are laid out before anything becomes of them
        shared.nodes.update("shop", name, [](node_snapshot& node) { node.parent = node.name == "shop" ? "" : "shop"; });
    }
    void enter(const std::string& name, node_state state, const std::function<void(node_snapshot&)>& more = {}) {
      shared.nodes.update("shop", name, [&](node_snapshot& node) {
        node.state = state;
        node.since = wall_time{19h};
        node.generation = 2;
        if (more) more(node);
      });
    }
    void remember(const std::string& child, const policy::child_memory& what) {
      shared.memories["shop/shop"_node].children[child] = what;
      shared.on_remembered("shop/shop"_node, {child});
    }
    [[nodiscard]] bool has(const std::string& key) const { return written.values().count(key) > 0; }

    boost::asio::io_context loop;
    fake_host os;
    runtime shared{os, {}, [] { return wall_time{24h}; }, {}, {}};
    policy::time_point now{30h};
    archive written;
    node_records records;
  };
  std::unique_ptr<life> begin(const std::string& boot = "this boot") {
    return std::make_unique<life>(journal, list, boot);
  }

  test::disk_state journal;
  test::disk_state list;
};

TEST_F(NodeRecords, WhatBecomesOfANodeIsKnownToTheNext) {
  {
    auto first = begin();
    first->enter("web", node_state::failed, [](node_snapshot& node) {
      node.settled = true;
      node.restarts = 3;
    });
    first->written.write();
  }
  auto next = begin();
  EXPECT_THAT(next->records.restore_nodes(ended::daemon), IsEmpty());
  const auto web = next->shared.nodes.find("shop", "web");
  ASSERT_TRUE(web);
  EXPECT_EQ(web->state, node_state::failed);
  EXPECT_EQ(web->restarts, 3u);
}

TEST_F(NodeRecords, ThoseOfTreesThatAreNotKnownAndOfTheDaemonItselfAreNotWritten) {
  auto daemon = begin();
  for (const auto* tree : {"mart", ""})
    daemon->shared.nodes.update(tree, "web", [](node_snapshot& node) { node.settled = true; });
  daemon->written.write();
  EXPECT_FALSE(daemon->has("node/mart/web"));
  EXPECT_FALSE(daemon->has("node//web"));
}

TEST_F(NodeRecords, ANodeThatIsGoneTakesAlongWhatIsRememberedOfIt) {
  auto daemon = begin();
  daemon->enter("web", node_state::running, [](node_snapshot& node) { node.restarts = 1; });
  daemon->remember("web", {.generation = 2, .ended = 1});
  daemon->written.write();
  ASSERT_TRUE(daemon->has("node/shop/web"));
  ASSERT_TRUE(daemon->has("past/shop/web"));
  daemon->shared.nodes.remove("shop", "web");
  daemon->written.write();
  EXPECT_FALSE(daemon->has("node/shop/web"));
  EXPECT_FALSE(daemon->has("past/shop/web"));
}

TEST_F(NodeRecords, ADamagedRecordIsToldOfAndTheOthersCount) {
  {
    auto first = begin();
    first->written.set("node/shop/db", "{}");
    first->written.set("memory/shop/shop", "7");
    first->written.set("past/shop/db", "7");
    first->enter("web", node_state::running, [](node_snapshot& node) { node.restarts = 1; });
    first->written.write();
  }
  auto next = begin();
  EXPECT_THAT(next->records.restore_nodes(ended::daemon), ::testing::ElementsAre(HasSubstr("shop/db")));
  EXPECT_EQ(next->records.restore_memories().size(), 2u);
  EXPECT_EQ(next->shared.nodes.find("shop", "web")->restarts, 1u);
}

TEST_F(NodeRecords, TheTimesOfMemoriesAreOnTheClockOfTimersUntilTheMachineIsBooted) {
  {
    auto first = begin();
    first->shared.memories["shop/shop"_node].restarts = {policy::time_point{29h}};
    first->remember("web", {.generation = 2, .ended = 2, .restarting = true, .due = policy::time_point{31h}});
    first->written.write();
  }
  auto next = begin();
  next->now = policy::time_point{32h};
  EXPECT_THAT(next->records.restore_memories(), IsEmpty());
  EXPECT_EQ(next->shared.memories["shop/shop"_node].restarts.at(0), policy::time_point{29h});
  EXPECT_EQ(next->shared.memories["shop/shop"_node].children.at("web").due, policy::time_point{31h});
  auto rebooted = begin("another boot");
  rebooted->now = policy::time_point{2h};
  EXPECT_THAT(rebooted->records.restore_memories(), IsEmpty());
  EXPECT_EQ(rebooted->shared.memories["shop/shop"_node].restarts.at(0), policy::time_point{1h})
      << "an hour ago, by the wall";
}

TEST_F(NodeRecords, WhatWasUpWhenAShutdownBeganIsUpForTheNext) {
  {
    auto first = begin();
    first->enter("web", node_state::running);
    first->records.begin_shutdown();
    first->enter("web", node_state::stopped, [](node_snapshot& node) {
      node.settled = true;
      node.why = policy::end_of_daemon;
    });
    first->written.write();
  }
  auto next = begin();
  (void)next->records.restore_nodes(ended::reboot);
  EXPECT_FALSE(next->shared.nodes.find("shop", "web")->settled);
}

TEST_F(NodeRecords, AnInterruptedTreeIsNoneAnyMoreWhenItsRootStarts) {
  auto daemon = begin();
  daemon->enter("shop", node_state::stopped, [](node_snapshot& node) { node.settled = true; });
  daemon->written.set("interrupted/shop", "true");
  daemon->enter("web", node_state::running);
  EXPECT_TRUE(daemon->has("interrupted/shop"));
  daemon->enter("shop", node_state::starting, [](node_snapshot& node) { node.settled = false; });
  EXPECT_FALSE(daemon->has("interrupted/shop"));
}

TEST_F(NodeRecords, AnExitIsForgottenOnceWhatFollowsFromItIsOnDisk) {
  auto daemon = begin();
  daemon->enter("web", node_state::running);
  daemon->remember("web", {.generation = 2, .ended = 1});
  EXPECT_FALSE(daemon->records.may_forget("shop/web"_node, 2)) << "nothing is decided";
  daemon->remember("web", {.generation = 2, .ended = 2});
  journal.room = journal.bytes.size();
  EXPECT_FALSE(daemon->records.may_forget("shop/web"_node, 2)) << "it is not written";
  journal.room = 1'000'000;
  daemon->written.write(store::journal::durable::machine);
  EXPECT_TRUE(daemon->records.may_forget("shop/web"_node, 2));
  EXPECT_TRUE(begin()->has("past/shop/web"));
  EXPECT_TRUE(daemon->records.may_forget("mart/web"_node, 2)) << "nobody knows that node";
}

TEST_F(NodeRecords, WhatIsForgottenOfATreeIsNotThatOfOneWhoseNameBeginsLikeIt) {
  auto daemon = begin();
  for (const auto* key :
       {"node/shop/web", "past/shop/web", "memory/shop/shop", "memory//tree shop", "node/shopping/web"})
    daemon->written.set(key, "{}");
  daemon->shared.memories["shop/shop"_node];
  daemon->shared.memories["shopping/shopping"_node];
  daemon->records.forget("shop");
  EXPECT_FALSE(daemon->has("node/shop/web"));
  EXPECT_FALSE(daemon->has("past/shop/web"));
  EXPECT_FALSE(daemon->has("memory/shop/shop"));
  EXPECT_FALSE(daemon->has("memory//tree shop"));
  EXPECT_TRUE(daemon->has("node/shopping/web"));
  EXPECT_EQ(daemon->shared.memories.size(), 1u);
  daemon->written.set("memory/shopping/shopping", "{}");
  daemon->records.forget_memories();
  EXPECT_FALSE(daemon->has("memory/shopping/shopping"));
  EXPECT_TRUE(daemon->has("node/shopping/web"));
}

} // namespace
} // namespace alder::actors::testing
