#include "runtime/store/event_log.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/event_json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include <sys/resource.h>

namespace alder::store {
namespace {

class EventLog : public ::testing::Test {
protected:
  [[nodiscard]] event_log open(std::size_t most_recent = 1000, std::uint64_t limit = event_log::usual_limit) const {
    auto log = event_log::open(dir_ / "state", most_recent, limit);
    EXPECT_TRUE(log) << log.failure().message;
    return log ? std::move(*log) : event_log{};
  }
  static outcome add(event_log& log, const std::string& name) {
    event e;
    e.name = name;
    return log.append(e);
  }
  static std::vector<std::string> names(const event_log& log) {
    std::vector<std::string> all;
    for (const auto& e : log.recent())
      all.push_back(std::to_string(e.seq) + " " + e.name);
    return all;
  }

  test::temporary_directory dir_;
  std::string path_ = dir_ / "state/events.jsonl";
};

using words = std::vector<std::string>;

TEST_F(EventLog, NumbersContinueOverRestarts) {
  {
    auto log = open();
    EXPECT_EQ(log.next_seq(), 1U);
    ASSERT_TRUE(add(log, "a"));
    ASSERT_TRUE(add(log, "b"));
  }
  auto log = open();
  EXPECT_EQ(names(log), (words{"1 a", "2 b"}));
  ASSERT_TRUE(add(log, "c"));
  EXPECT_EQ(names(open()), (words{"1 a", "2 b", "3 c"}));
}

TEST_F(EventLog, LoadsTheLastOnesOnly) {
  auto log = open();
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(add(log, "x"));
  EXPECT_EQ(names(open(2)), (words{"9 x", "10 x"}));
  EXPECT_EQ(names(open(0)), words{});
  EXPECT_EQ(open(0).next_seq(), 11U);
}

TEST_F(EventLog, ATornEndIsCutOff) {
  auto log = open();
  ASSERT_TRUE(add(log, "a"));
  const auto sound = std::filesystem::file_size(path_);
  const std::vector<std::string> ends{"{\"seq\":2,\"at", "garbage\n", "{}\n{\"seq\":9", "\n", std::string(3, '\0')};
  for (const auto& end : ends) {
    ASSERT_TRUE(test::append(path_, end));
    EXPECT_EQ(names(open()), words{"1 a"}) << end;
    EXPECT_EQ(std::filesystem::file_size(path_), sound) << end;
  }
}

TEST_F(EventLog, LinesThatCannotBeReadAreSkipped) {
  auto log = open();
  ASSERT_TRUE(add(log, "a"));
  ASSERT_TRUE(test::append(path_, "garbage\nmore of it\n"));
  event e;
  e.seq = 7;
  e.name = "b";
  ASSERT_TRUE(test::append(path_, wire::event_json(e) + "\n"));
  auto again = open();
  EXPECT_EQ(names(again), (words{"1 a", "7 b"}));
  EXPECT_EQ(again.next_seq(), 8U);
}

TEST_F(EventLog, WhateverElseIsInItIsKeptBesideAndTold) {
  std::string whole;
  {
    auto log = open();
    ASSERT_TRUE(add(log, "a"));
    ASSERT_TRUE(add(log, "b"));
    ASSERT_TRUE(add(log, "c"));
    whole = *os::read_file(path_, 10'000);
  }
  EXPECT_TRUE(open().problems().empty());
  const auto second = whole.find('\n') + 1;
  auto joined = whole;
  joined.erase(std::remove(joined.begin(), joined.end(), '\n'), joined.end());
  auto garbled = whole;
  garbled.insert(second, std::string(500, '\0') + "garbage\xff");
  std::size_t kept = 0;
  for (const auto& bytes : {joined, garbled, whole + std::string(4096, '\0'), whole + "{\"seq\":9,\"at"}) {
    ASSERT_TRUE(os::write_file_atomically(path_, bytes));
    const auto log = open();
    EXPECT_EQ(names(log), (words{"1 a", "2 b", "3 c"})) << bytes;
    ASSERT_EQ(log.problems().size(), 1U);
    const auto files = os::damaged_files(dir_ / "state");
    ASSERT_EQ(files.size(), ++kept);
    EXPECT_EQ(*os::read_file(path_, 10'000), whole) << "it is mended";
    EXPECT_TRUE(open().problems().empty());
  }
  auto crossed = whole;
  crossed.replace(second, 5, "#####");
  ASSERT_TRUE(os::write_file_atomically(path_, crossed));
  EXPECT_EQ(names(open()), (words{"1 a", "3 c"}));
}

TEST_F(EventLog, LinesAsOtherSystemsEndThemAreRead) {
  event e;
  e.seq = 4;
  e.name = "x";
  std::filesystem::create_directories(dir_ / "state");
  ASSERT_TRUE(test::append(path_, wire::event_json(e) + "\r\n"));
  EXPECT_EQ(names(open()), words{"4 x"});
}

TEST_F(EventLog, ADirectoryInThePlaceOfAFileIsPutAside) {
  std::filesystem::create_directories(path_);
  std::filesystem::create_directories(path_ + ".1/with/something");
  {
    auto log = open();
    EXPECT_EQ(log.problems().size(), 2U);
    ASSERT_TRUE(add(log, "a"));
  }
  const auto log = open();
  EXPECT_EQ(names(log), words{"1 a"});
  EXPECT_TRUE(log.problems().empty());
  EXPECT_EQ(os::damaged_files(dir_ / "state").size(), 2U);
}

TEST_F(EventLog, ADirectoryThatComesInTheWayOfTheOlderFileDoesNotEndRotation) {
  auto log = open(1000, 500);
  std::filesystem::create_directories(path_ + ".1/with/something");
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(add(log, "x"));
  EXPECT_LE(std::filesystem::file_size(path_), 500U);
  EXPECT_TRUE(std::filesystem::is_regular_file(path_ + ".1"));
}

TEST_F(EventLog, OfAnEnormousFileTheEndIsRead) {
  {
    auto log = open();
    ASSERT_TRUE(add(log, "a"));
  }
  const auto whole = *os::read_file(path_, 10'000);
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40U);
  ASSERT_TRUE(test::append(path_, "\n" + whole));
  const auto log = open();
  EXPECT_EQ(names(log), words{"1 a"});
  EXPECT_EQ(log.problems().size(), 1U);
  EXPECT_LT(std::filesystem::file_size(path_), 10'000U);
}

TEST_F(EventLog, RotatesAtItsLimitAndLooksBackIntoTheOlderFile) {
  constexpr std::uint64_t limit = 2000;
  auto log = open(1000, limit);
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(add(log, "x"));
  EXPECT_LE(std::filesystem::file_size(path_), limit);
  EXPECT_LE(std::filesystem::file_size(path_ + ".1"), limit);
  const auto again = open(1000, limit);
  EXPECT_EQ(again.next_seq(), 51U);
  ASSERT_GT(again.recent().size(), 5U);
  for (std::size_t i = 1; i < again.recent().size(); ++i)
    EXPECT_EQ(again.recent()[i].seq, again.recent()[i - 1].seq + 1);
  EXPECT_EQ(again.recent().back().seq, 50U);
}

TEST_F(EventLog, NumbersContinueWhenOnlyTheOlderFileIsThere) {
  {
    auto log = open();
    ASSERT_TRUE(add(log, "a"));
  }
  std::filesystem::rename(path_, path_ + ".1");
  const auto log = open();
  EXPECT_EQ(log.next_seq(), 2U);
  EXPECT_EQ(names(log), words{"1 a"});
}

/// Files of this process cannot grow beyond a size.
class file_limit {
public:
  explicit file_limit(rlim_t bytes) {
    (void)std::signal(SIGXFSZ, SIG_IGN);
    (void)::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    (void)::setrlimit(RLIMIT_FSIZE, &limited);
  }
  file_limit(const file_limit&) = delete;
  file_limit& operator=(const file_limit&) = delete;
  ~file_limit() {
    (void)::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, SIG_DFL);
  }

private:
  rlimit before_{};
};

TEST_F(EventLog, AFileThatCannotGrowIsAnErrorAndNumbersGoOn) {
  auto log = open();
  event e;
  const auto written = [&] {
    const file_limit none{0};
    return log.append(e);
  }();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().os_errno, EFBIG);
  EXPECT_EQ(e.seq, 1U);
  EXPECT_EQ(log.next_seq(), 2U);
}

TEST_F(EventLog, WithoutAFileItCountsStill) {
  ASSERT_TRUE(test::append(dir_ / "state", "in the way"));
  EXPECT_FALSE(event_log::open(dir_ / "state"));
  event_log log;
  event e;
  EXPECT_EQ(log.append(e).failure().kind, error_kind::unavailable);
  EXPECT_EQ(e.seq, 1U);
}

} // namespace
} // namespace alder::store
