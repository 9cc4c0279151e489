#include "runtime/logs/stream_table.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/base/pattern.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

pump_time at(std::chrono::milliseconds since) { return pump_time{1h} + since; }

struct StreamTable : ::testing::Test {
  log_stream& add(stream_id id, unsigned instance = 0) {
    auto& made = table_.add(id, policy::reading_pace{1ms});
    made.who.origin.instance = instance;
    return made;
  }
  /// Two that write to one file.
  void SetUp() override {
    table_.join(one_, std::make_shared<log_outlet>(log_sink{path_}), /*is_shared=*/true);
    table_.join(two_, table_.shared_at(path_), /*is_shared=*/true);
  }
  test::temporary_directory dir_;
  std::string path_ = dir_ / "both.log";
  stream_table table_;
  log_stream& one_ = add(1);
  log_stream& two_ = add(2);
};

TEST_F(StreamTable, KnowsItsStreams) {
  EXPECT_EQ(table_.find(1), &one_);
  for (stream_id id = 10; id < 1000; ++id)
    add(id);
  EXPECT_EQ(table_.find(1), &one_) << "it stays where it is";
  table_.erase(1);
  EXPECT_EQ(table_.find(1), nullptr);
}

TEST_F(StreamTable, SharesAFileUntilTheLastLeaves) {
  EXPECT_EQ(one_.to, two_.to);
  EXPECT_EQ(table_.leave(one_, at(0s)), 2U) << "who sees to it from now on";
  EXPECT_EQ(one_.to, nullptr);
  EXPECT_NE(table_.shared_at(path_), nullptr);
  EXPECT_EQ(table_.leave(two_, at(0s)), std::nullopt);
  EXPECT_EQ(table_.shared_at(path_), nullptr);
  EXPECT_EQ(table_.leave(two_, at(0s)), std::nullopt);
}

TEST_F(StreamTable, OfAFileOfItsOwnNobodyElseLearns) {
  auto& other = add(3);
  table_.join(other, std::make_shared<log_outlet>(log_sink{dir_ / "own"}), /*is_shared=*/false);
  EXPECT_EQ(table_.shared_at(dir_ / "own"), nullptr);
}

TEST_F(StreamTable, ALineThatHasBegunIsSomebodysUntilItEnds) {
  EXPECT_EQ(stream_table::line_seen_by(one_), policy::open_line::none);
  table_.note_line(one_, "begun", at(5ms));
  EXPECT_EQ(stream_table::line_seen_by(one_), policy::open_line::own);
  EXPECT_EQ(stream_table::line_seen_by(two_), policy::open_line::foreign);
  EXPECT_EQ(one_.to->line_at, at(5ms));
  table_.note_line(one_, "", at(6ms));
  EXPECT_EQ(one_.to->line_at, at(5ms)) << "nothing was written";
  table_.note_line(one_, " and ended\n", at(7ms));
  EXPECT_EQ(stream_table::line_seen_by(two_), policy::open_line::none);
}

TEST_F(StreamTable, WhoWaitsForALineResumesWhenItEnds) {
  table_.note_line(one_, "begun", at(0s));
  two_.blocked_until = at(1s);
  table_.note_line(one_, "\n", at(3ms));
  EXPECT_EQ(two_.blocked_until, at(3ms));
  EXPECT_EQ(one_.blocked_until, std::nullopt);
  two_.blocked_until = at(1s);
  table_.note_line(one_, "whole\n", at(4ms));
  EXPECT_EQ(two_.blocked_until, at(1s)) << "it waits for something else";
}

TEST_F(StreamTable, WhoLeavesGivesItsLineUp) {
  table_.note_line(one_, "begun", at(0s));
  two_.blocked_until = at(1s);
  (void)table_.leave(one_, at(2ms));
  EXPECT_EQ(stream_table::line_seen_by(two_), policy::open_line::none);
  EXPECT_EQ(two_.blocked_until, at(2ms));
}

TEST_F(StreamTable, ARunEndsWithTheLastStreamOfItsProcess) {
  EXPECT_TRUE(table_.ends_run(one_, 4));
  two_.sources.emplace_back(4, unique_fd{});
  EXPECT_FALSE(table_.ends_run(one_, 4)) << "its other output is still there";
  EXPECT_TRUE(table_.ends_run(one_, 3)) << "that is the next process's";
  two_.who.origin.instance = 1;
  EXPECT_TRUE(table_.ends_run(one_, 4)) << "that is another instance's";
}

TEST_F(StreamTable, TheLineThatIsLookedForIsFoundOnce) {
  log_source from{1, unique_fd{}};
  EXPECT_FALSE(from.finds_in("ready\n"));
  from.search.emplace(std::make_shared<awaited_line>(*pattern::compile("ready")));
  EXPECT_FALSE(from.finds_in("starting\nrea"));
  EXPECT_TRUE(from.finds_in("dy\n"));
  EXPECT_FALSE(from.finds_in("ready\n"));
  EXPECT_FALSE(from.search);
}

} // namespace
} // namespace alder::logs
