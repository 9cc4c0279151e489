#include "runtime/store/tree_records.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/store/journal_values.hpp"

#include <gtest/gtest.h>

namespace alder::store {
namespace {

using namespace std::chrono_literals;
using names = std::vector<std::string>;

constexpr wall_time now{1'000'000ms};

/// One daemon after the other, with one journal.
class TreeRecords : public ::testing::Test {
protected:
  struct life {
    explicit life(const std::string& file) : values(journal_file(file)), records(values) {
      (void)values.open();
      trees = records.read(wrong);
    }
    void write() {
      ASSERT_TRUE(values.write());
      records.on_written();
    }
    journal values;
    tree_records records;
    names wrong;
    std::vector<saved_tree> trees;
  };
  std::unique_ptr<life> begin() { return std::make_unique<life>(dir_ / "journal"); }

  static saved_tree shop() {
    saved_tree tree;
    tree.name = "shop";
    tree.text = std::string(10'000, 'x');
    return tree;
  }
  static saved_tree::graft graft(const std::string& child, std::shared_ptr<const read_source> from) {
    return {"shop", child, std::move(from)};
  }
  static std::shared_ptr<const read_source> source(const std::string& text) {
    return std::make_shared<const read_source>(read_source{"/more.yaml", text, {}, {}, {}});
  }
  static names children(const saved_tree& tree) {
    names all;
    for (const auto& one : tree.grafts)
      all.push_back(one.child);
    return all;
  }

  test::temporary_directory dir_;
};

TEST_F(TreeRecords, WhatCameAndWentIsPartOfTheTree) {
  {
    auto first = begin();
    auto tree = shop();
    first->records.set(tree, now);
    first->records.note_removed(tree, "web");
    const auto more = source("more");
    for (int i = 0; i < 12; ++i) // the order is that of numbers, not of their text
      first->records.note_added(tree, graft("c" + std::to_string(i), more));
    first->records.note_removed(tree, "c0");
    first->records.note_added(tree, graft("late", more));
    first->write();
  }
  auto next = begin();
  EXPECT_EQ(next->wrong, names{});
  ASSERT_EQ(next->trees.size(), 1U);
  const auto& tree = next->trees[0];
  EXPECT_EQ(tree.removed, names{"web"});
  EXPECT_EQ(children(tree), (names{"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "late"}));
  for (const auto& one : tree.grafts)
    EXPECT_EQ(one.from->text, "more");
  next->records.note_removed(tree, "c5");
  next->write();
  EXPECT_EQ(children(begin()->trees.at(0)).size(), 11U) << "numbers continue behind those of the daemon before";
}

TEST_F(TreeRecords, OneMoreCostsAsMuchAsItsOwnRecord) {
  auto only = begin();
  auto tree = shop();
  only->records.set(tree, now);
  const auto more = source(std::string(10'000, 'y'));
  only->records.note_added(tree, graft("c", more));
  only->write();
  const auto before = only->values.file_size();
  for (int i = 0; i < 100; ++i)
    only->records.note_added(tree, graft("c" + std::to_string(i), more));
  for (int i = 0; i < 100; ++i)
    only->records.note_removed(tree, "c" + std::to_string(i));
  only->write();
  EXPECT_LT(only->values.file_size() - before, 200U * 200U);
}

TEST_F(TreeRecords, EditsOfAFormerRecordAreNoneOfTheNextOne) {
  {
    auto first = begin();
    auto tree = shop();
    first->records.set(tree, now);
    first->records.note_removed(tree, "web");
    first->write();
    const auto revision = tree.revision;
    first->records.set(tree, now - 1h); // web is in it, whatever the clock says
    EXPECT_GT(tree.revision, revision);
    ASSERT_TRUE(first->values.write()); // and nothing more: the edit is still there
    EXPECT_EQ(first->values.values().count("edit/shop/000000000001"), 1U);
    EXPECT_EQ(begin()->trees.at(0).removed, names{});
    first->records.on_written();
    first->write();
    EXPECT_EQ(first->values.values().count("edit/shop/000000000001"), 0U);
    first->records.note_removed(tree, "db");
    first->write();
  }
  EXPECT_EQ(begin()->trees.at(0).removed, names{"db"});
}

TEST_F(TreeRecords, ATreeThatIsForgottenTakesItsEditsAlong) {
  auto only = begin();
  auto tree = shop();
  auto other = shop();
  other.name = "shop2";
  only->records.set(tree, now);
  only->records.set(other, now);
  only->records.note_removed(tree, "web");
  only->records.note_removed(other, "web");
  only->records.forget("shop");
  only->write();
  const auto next = begin();
  ASSERT_EQ(next->trees.size(), 1U);
  EXPECT_EQ(next->trees[0].removed, names{"web"});
  EXPECT_EQ(next->values.values().size(), 2U);
}

TEST_F(TreeRecords, AnEditThatCannotBeReadIsToldAndTheOthersCount) {
  {
    auto first = begin();
    auto tree = shop();
    first->records.set(tree, now);
    first->records.note_removed(tree, "web");
    first->records.note_removed(tree, "db");
    first->values.set("edit/shop/000000000001", R"({"revision":1})" + std::string{});
    first->values.set("edit/shop/000000000003", R"({"revision":)" + std::to_string(tree.revision) +
                                                    R"(,"added":{"parent":"shop","child":"c","as":"nobody"}})");
    first->write();
  }
  const auto next = begin();
  EXPECT_EQ(next->trees.at(0).removed, names{"db"});
  EXPECT_EQ(children(next->trees.at(0)), names{});
  ASSERT_EQ(next->wrong.size(), 1U);
  EXPECT_NE(next->wrong[0].find("tree shop"), std::string::npos) << next->wrong[0];
}

} // namespace
} // namespace alder::store
