#include "runtime/os/damaged_file.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include <sys/stat.h>

namespace alder::os {
namespace {

namespace fs = std::filesystem;

class DamagedFile : public ::testing::Test {
protected:
  std::string keep() {
    const auto kept = keep_damaged(path_);
    EXPECT_TRUE(kept) << kept.failure().message;
    return kept ? *kept : std::string{};
  }
  test::temporary_directory dir_;
  std::string path_ = dir_ / "journal";
};

TEST_F(DamagedFile, IsThereUnderBothNamesUntilItIsReplaced) {
  ASSERT_TRUE(write_file_atomically(path_, "first"));
  EXPECT_EQ(keep(), path_ + ".damaged");
  EXPECT_EQ(*read_file(path_, 100), "first") << "a crash here loses nothing";
  ASSERT_TRUE(write_file_atomically(path_, "new"));
  EXPECT_EQ(*read_file(path_ + ".damaged", 100), "first");
}

TEST_F(DamagedFile, NeverTakesTheNameOfAnOlderOne) {
  ASSERT_TRUE(write_file_atomically(path_ + ".damaged", "somebody's"));
  ASSERT_TRUE(write_file_atomically(path_, "first"));
  EXPECT_EQ(keep(), path_ + ".damaged.2");
  EXPECT_EQ(keep(), path_ + ".damaged.2") << "the same is not kept twice";
  ASSERT_TRUE(write_file_atomically(path_, "second"));
  EXPECT_EQ(keep(), path_ + ".damaged.3");
  EXPECT_EQ(*read_file(path_ + ".damaged", 100), "somebody's");
  EXPECT_EQ(*read_file(path_ + ".damaged.2", 100), "first");
}

TEST_F(DamagedFile, TheOldestMakesWayWhenThereAreMany) {
  for (std::size_t i = 1; i <= most_damaged_files + 3; ++i) {
    ASSERT_TRUE(write_file_atomically(path_, std::to_string(i)));
    (void)keep();
  }
  const auto kept = damaged_files(dir_.path());
  EXPECT_EQ(kept.size(), most_damaged_files);
  EXPECT_FALSE(is_taken(path_ + ".damaged"));
  EXPECT_FALSE(is_taken(path_ + ".damaged.3"));
  EXPECT_EQ(*read_file(path_ + ".damaged.13", 100), "13");
}

TEST_F(DamagedFile, CanBeAnything) {
  fs::create_directory(path_);
  ASSERT_TRUE(test::append(path_ + "/inside", "kept"));
  EXPECT_EQ(keep(), path_ + ".damaged");
  EXPECT_FALSE(is_taken(path_));
  EXPECT_EQ(*read_file(path_ + ".damaged/inside", 100), "kept");
  fs::create_symlink("/nowhere", path_);
  EXPECT_EQ(keep(), path_ + ".damaged.2");
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(keep(), path_ + ".damaged.3");
  EXPECT_FALSE(is_taken(path_));
  EXPECT_EQ(keep_damaged(path_).failure().kind, error_kind::not_found);
}

TEST_F(DamagedFile, ThatOfAnotherFileIsAnotherFiles) {
  ASSERT_TRUE(write_file_atomically(dir_ / "journal.trees", "x"));
  EXPECT_EQ(*keep_damaged(dir_ / "journal.trees"), dir_ / "journal.trees.damaged");
  ASSERT_TRUE(write_file_atomically(path_, "y"));
  EXPECT_EQ(keep(), path_ + ".damaged");
  EXPECT_EQ(damaged_files(dir_.path()), (std::vector<std::string>{path_ + ".damaged", dir_ / "journal.trees.damaged"}));
  EXPECT_TRUE(damaged_files(dir_ / "missing").empty());
}

} // namespace
} // namespace alder::os
