#include "actors/edge/catalog.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

namespace alder::actors::testing {
namespace {

class Catalog : public ::testing::Test {
protected:
  /// A daemon's catalog, with what it shares; the next one reads what this one wrote.
  struct life {
    explicit life(const std::string& directory) : trees(loop, shared, directory) {}
    boost::asio::io_context loop;
    fake_launcher os;
    runtime shared{os, {}, [] { return wall_time{24h}; }, {}, {}};
    catalog trees;
  };

  std::unique_ptr<life> begin() {
    auto next = std::make_unique<life>(dir.path());
    complaints = next->trees.restore(catalog::what_ended::daemon);
    return next;
  }
  static void add_shop(life& to) {
    store::saved_tree source{.name = "shop", .file = "/shop.yaml"};
    source.text = "name: shop\nchildren:\n  - {service: web, command: /bin/web}\n  - {service: db, command: /bin/db}\n";
    auto loaded = read_configuration(source);
    ASSERT_TRUE(loaded.tree);
    to.trees.add({source, std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))});
  }
  static void remember(life& of, const std::string& child, const policy::child_memory& what) {
    auto& memory = of.shared.memories["shop/shop"];
    memory.generation = 3;
    memory.children[child] = what;
    of.shared.on_remembered("shop/shop", {child});
  }

  test::temporary_directory dir;
  std::vector<std::string> complaints;
};

TEST_F(Catalog, EachChildOfASupervisorIsRememberedThoughTheyChangeOneByOne) {
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 2, .attempts = 1});
    first->trees.write();
    remember(*first, "db", {.generation = 5, .ended = 4});
    first->trees.write();
  }
  const auto next = begin();
  EXPECT_TRUE(complaints.empty());
  auto& memory = next->shared.memories["shop/shop"];
  EXPECT_EQ(memory.generation, 3u);
  ASSERT_EQ(memory.children.size(), 2u);
  EXPECT_EQ(memory.children["web"], (policy::child_memory{.generation = 2, .ended = 2, .attempts = 1}));
  EXPECT_EQ(memory.children["db"], (policy::child_memory{.generation = 5, .ended = 4}));
}

TEST_F(Catalog, AnEndAndWhatFollowsFromItAreWrittenTogether) {
  std::string whole;
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 1});
    first->trees.write();
    remember(*first, "web", {.generation = 3, .ended = 2});
    first->shared.memories["shop/shop"].restarts = {policy::time_point::clock::now()};
    first->trees.write();
    whole = *os::read_file(dir / "journal", 100'000);
  }
  // The last write is lost bit by bit: either both are known or none is.
  for (std::size_t size = whole.size(); size > whole.size() - 300; --size) {
    ASSERT_TRUE(os::write_file_atomically(dir / "journal", whole.substr(0, size)));
    const auto next = begin();
    auto& memory = next->shared.memories["shop/shop"];
    EXPECT_EQ(memory.children["web"].ended, memory.restarts.empty() ? 1u : 2u) << size;
  }
}

TEST_F(Catalog, WhatALongGoneChildHadIsForgotten) {
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 2});
    first->trees.write();
    first->shared.memories["shop/shop"].children.erase("web");
    first->shared.on_remembered("shop/shop", {"web"});
    first->trees.write();
  }
  EXPECT_TRUE(begin()->shared.memories["shop/shop"].children.empty());
}

TEST_F(Catalog, AJournalWithAllChildrenInOneRecordIsTakenUp) {
  {
    auto first = begin();
    add_shop(*first);
    first->trees.write();
  }
  {
    store::journal old{store::journal_file(dir / "journal")};
    ASSERT_TRUE(old.open());
    old.set("memory/shop/shop", R"({"generation":3,"restarts":[],"children":[{"id":"web","generation":2,"ended":2},)"
                                R"({"id":"db","generation":5,"ended":4}]})");
    ASSERT_TRUE(old.write());
  }
  {
    auto next = begin();
    remember(*next, "web", {.generation = 3, .ended = 3}); // its record now holds web alone
    next->trees.write();
  }
  const auto last = begin();
  EXPECT_EQ(last->shared.memories["shop/shop"].children["web"].ended, 3u);
  EXPECT_EQ(last->shared.memories["shop/shop"].children["db"].ended, 4u);
}

} // namespace
} // namespace alder::actors::testing
