#include "runtime/logs/log_spill.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t plenty = 1 << 20;

os::file_time at(std::chrono::nanoseconds ns) { return os::file_time{ns}; }

class Spill : public testing::Test {
protected:
  [[nodiscard]] log_spill make(std::uint64_t most = plenty) const { return {dir_ / "spill", dir_ / "web.log", most}; }
  /// All that waits, taken.
  static std::string drain(log_spill& from) {
    std::string all;
    while (const auto piece = from.front()) {
      all += piece->bytes;
      from.took(piece->bytes.size());
    }
    return all;
  }
  [[nodiscard]] bool has_file() const { return !std::filesystem::is_empty(dir_ / "spill"); }
  test::temporary_directory dir_;
};

TEST_F(Spill, GivesBackWhatWasPutInOrderAndThenLeavesNoFile) {
  auto spill = make();
  EXPECT_EQ(spill.put("one\n", at(1ns), {false, 0}, nullptr).number, 0);
  EXPECT_EQ(spill.put("tw", at(2ns), {true, 3}, nullptr).number, 0);
  EXPECT_TRUE(spill.in_line());
  auto piece = spill.front();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->bytes, "one\n");
  EXPECT_EQ(piece->at, at(1ns));
  spill.took(4);
  piece = spill.front();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->bytes, "tw");
  EXPECT_EQ(piece->who, (wire::log_origin{true, 3}));
  spill.took(1);
  EXPECT_EQ(drain(spill), "w");
  EXPECT_FALSE(spill.any());
  EXPECT_EQ(spill.waiting(), 0U);
  EXPECT_FALSE(has_file());
}

TEST_F(Spill, ASuccessorGoesOnWhereItsPredecessorWas) {
  {
    auto first = make();
    (void)first.put("aaaa\nbbbb\n", at(1ns), {}, nullptr);
    (void)first.put("cc", at(2ns), {}, nullptr);
    ASSERT_TRUE(first.front());
    first.took(5);
  }
  auto second = make();
  EXPECT_EQ(second.take_up(), 0);
  EXPECT_TRUE(second.in_line());
  (void)second.put("cc\n", at(3ns), {}, nullptr);
  EXPECT_EQ(drain(second), "bbbb\ncccc\n");
}

TEST_F(Spill, WhatWasBeingWrittenBackIsUndone) {
  const auto log = os::open_for_append(dir_ / "web.log");
  ASSERT_TRUE(log);
  ASSERT_TRUE(os::write_all(log->get(), "old\n"));
  {
    auto first = make();
    (void)first.put("new line\n", at(1ns), {}, nullptr);
    ASSERT_TRUE(first.front());
    first.begin_write_back(log->get(), 9);
    ASSERT_TRUE(os::write_all(log->get(), "new l")); // the daemon is killed here
  }
  auto second = make();
  EXPECT_EQ(second.take_up(), 0);
  EXPECT_EQ(*os::read_file(dir_ / "web.log", 100), "old\n");
  EXPECT_EQ(drain(second), "new line\n");
}

TEST_F(Spill, WhatWasWrittenBackIsNotWrittenAgain) {
  const auto log = os::open_for_append(dir_ / "web.log");
  ASSERT_TRUE(log);
  {
    auto first = make();
    (void)first.put("one\n", at(1ns), {}, nullptr);
    (void)first.put("two\n", at(1ns), {}, nullptr);
    ASSERT_TRUE(first.front());
    first.begin_write_back(log->get(), 4);
    ASSERT_TRUE(os::write_all(log->get(), "one\n"));
    first.took(4);
  }
  auto second = make();
  EXPECT_EQ(second.take_up(), 0);
  EXPECT_EQ(*os::read_file(dir_ / "web.log", 100), "one\n");
  EXPECT_EQ(drain(second), "two\n");
}

TEST_F(Spill, TakesWholeLinesUpToItsLimit) {
  auto spill = make(16 + 10);
  const auto put = spill.put("1234\n67890\n", at(1ns), {}, nullptr);
  EXPECT_EQ(put.number, EFBIG);
  EXPECT_EQ(put.taken, 5U);
  EXPECT_EQ(spill.put("x\n", at(1ns), {}, nullptr).taken, 0U);
  EXPECT_EQ(drain(spill), "1234\n");
  EXPECT_EQ(spill.put("x\n", at(1ns), {}, nullptr).number, 0);
}

TEST_F(Spill, APieceCutInTwoIsNoOutput) {
  {
    auto first = make();
    (void)first.put("whole\n", at(1ns), {}, nullptr);
    (void)first.put("cut off\n", at(1ns), {}, nullptr);
    std::filesystem::resize_file(first.path(), std::filesystem::file_size(first.path()) - 3);
  }
  auto second = make();
  EXPECT_EQ(second.take_up(), 0);
  EXPECT_EQ(drain(second), "whole\n");
}

TEST_F(Spill, AFileThatIsNoneOfOursIsGivenUp) {
  std::filesystem::create_directory(dir_ / "spill");
  auto spill = make();
  ASSERT_TRUE(test::append(spill.path(), std::string(100, 'x')));
  EXPECT_EQ(spill.take_up(), 0);
  EXPECT_FALSE(spill.any());
  (void)spill.put("good\n", at(1ns), {}, nullptr);
  EXPECT_EQ(drain(spill), "good\n");
}

TEST_F(Spill, WhatIsFoundOnlyWhenItIsNeededComesFirst) {
  {
    auto first = make();
    (void)first.put("old\n", at(1ns), {}, nullptr);
  }
  auto second = make(); // its directory could not be read when it began
  EXPECT_EQ(second.put("new\n", at(2ns), {}, nullptr).number, 0);
  EXPECT_EQ(drain(second), "old\nnew\n");
}

TEST_F(Spill, WhatCannotBeReadIsGivenUp) {
  auto spill = make();
  (void)spill.put("one\n", at(1ns), {}, nullptr);
  std::filesystem::resize_file(spill.path(), 70);
  EXPECT_FALSE(spill.front());
  EXPECT_FALSE(spill.any());
}

TEST_F(Spill, FollowsNoLink) {
  std::filesystem::create_directory(dir_ / "spill");
  auto spill = make();
  ASSERT_TRUE(test::append(dir_ / "precious", "keep"));
  std::filesystem::create_symlink(dir_ / "precious", spill.path());
  EXPECT_EQ(spill.put("x\n", at(1ns), {}, nullptr).number, ELOOP);
  EXPECT_EQ(*os::read_file(dir_ / "precious", 100), "keep");
}

TEST_F(Spill, SaysWhyItTakesNothing) {
  ASSERT_TRUE(test::append(dir_ / "spill", "a file"));
  auto spill = make();
  EXPECT_EQ(spill.take_up(), 0);
  EXPECT_EQ(spill.put("x\n", at(1ns), {}, nullptr).number, ENOTDIR);
  EXPECT_FALSE(spill.any());
}

TEST_F(Spill, RemembersWhereARunEnded) {
  auto spill = make();
  (void)spill.put("x\n", at(1ns), {}, nullptr);
  spill.put_end_of_run(at(2ns), {true, 1});
  ASSERT_TRUE(spill.front());
  spill.took(2);
  const auto piece = spill.front();
  ASSERT_TRUE(piece);
  EXPECT_TRUE(piece->bytes.empty());
  EXPECT_EQ(piece->at, at(2ns));
  spill.took(0);
  EXPECT_FALSE(spill.any());
}

} // namespace
} // namespace alder::logs
