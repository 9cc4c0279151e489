#include "runtime/store/log_reader.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/os/log_sink.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace alder::store {
namespace {

using namespace std::chrono_literals;

/// Writes to an output file as the pump does, each chunk a nanosecond after the one before.
class writer {
public:
  explicit writer(std::string path) : sink_(std::move(path)) {}
  void say(std::string_view text) { (void)sink_.append(text, {os::file_time{++clock_}, {}}); }
  void rotate(const std::string& from, const std::string& to) {
    std::filesystem::rename(from, to);
    std::filesystem::rename(from + ".idx", to + ".idx");
    (void)sink_.reopen({os::file_time{clock_}, {}});
  }

private:
  os::log_sink sink_;
  std::chrono::nanoseconds clock_{0};
};

std::vector<std::string> texts(const result<std::vector<log_entry>>& entries) {
  if (!entries) return {"error: " + entries.failure().message};
  std::vector<std::string> all;
  for (const auto& entry : *entries)
    all.push_back(entry.text + (entry.partial ? "..." : ""));
  return all;
}

using lines = std::vector<std::string>;

class LogReader : public ::testing::Test {
protected:
  test::temporary_directory dir_;
  std::string path_ = dir_ / "out.log";
  writer writer_{path_};
  log_reader reader_{path_};
};

TEST_F(LogReader, GivesTheLastLinesWithTheirTimes) {
  for (const auto* text : {"one\n", "two\nthr", "ee\n", "four\n"})
    writer_.say(text);
  const auto entries = reader_.tail(3, unfinished_line::show);
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries, (std::vector<log_entry>{{os::file_time{2ns}, "two", false},
                                              {os::file_time{2ns}, "three", false},
                                              {os::file_time{4ns}, "four", false}}));
  EXPECT_EQ(texts(reader_.tail(100, unfinished_line::show)), (lines{"one", "two", "three", "four"}));
  EXPECT_EQ(texts(reader_.tail(0, unfinished_line::show)), lines{});
}

TEST_F(LogReader, AMissingFileHasNoLinesAndMayComeLater) {
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), lines{});
  EXPECT_EQ(texts(reader_.read_new()), lines{});
  writer_.say("first\n");
  EXPECT_EQ(texts(reader_.read_new()), lines{"first"});
}

TEST_F(LogReader, AnUnfinishedLineIsShownOrHeld) {
  writer_.say("one\ntwo\nenter name: ");
  EXPECT_EQ(texts(reader_.tail(2, unfinished_line::show)), (lines{"two", "enter name: ..."}));
  EXPECT_EQ(texts(reader_.tail(2, unfinished_line::hold)), (lines{"one", "two"}));
  EXPECT_EQ(reader_.position(), std::filesystem::file_size(path_));
  writer_.say("joe\n");
  EXPECT_EQ(texts(reader_.read_new()), lines{"enter name: joe"});
  EXPECT_EQ(texts(reader_.read_new()), lines{});
}

TEST_F(LogReader, FindsTheLastLinesOfALongFile) {
  std::string text;
  for (int i = 0; i < 30'000; ++i)
    text += "line " + std::to_string(i) + "\n";
  writer_.say(text);
  const auto entries = reader_.tail(20'000, unfinished_line::hold);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 20'000U);
  EXPECT_EQ(entries->front().text, "line 10000");
  EXPECT_EQ(entries->back().text, "line 29999");
}

TEST_F(LogReader, LooksBackOnlySoFar) {
  writer_.say("too far away\n" + std::string(17 << 20, 'x') + "\nlast\n");
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::hold)), lines{"last"});
}

TEST_F(LogReader, AVeryLongLineComesInPieces) {
  writer_.say(std::string(longest_line + 5, 'x') + "\nnext\n");
  const auto first = reader_.read_new();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->empty()) << "only one byte more tells that the line goes on";
  ASSERT_TRUE(reader_.has_more());
  const auto entries = reader_.read_new();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ(entries->at(0).text.size(), longest_line);
  EXPECT_TRUE(entries->at(0).partial);
  EXPECT_EQ(entries->at(1).text, "xxxxx");
  EXPECT_FALSE(entries->at(1).partial);
  EXPECT_EQ(entries->at(2).text, "next");
}

TEST_F(LogReader, ReadsABoundedPortionAtATime) {
  for (int i = 0; i < 300; ++i)
    writer_.say(std::string(9999, 'x') + "\n");
  std::size_t count = 0;
  int calls = 0;
  do {
    const auto entries = reader_.read_new();
    ASSERT_TRUE(entries);
    EXPECT_LE(entries->size(), log_reader::most_new_bytes / 10'000 + 1);
    count += entries->size();
    ++calls;
  } while (reader_.has_more() && calls < 10);
  EXPECT_EQ(count, 300U);
  EXPECT_EQ(calls, 3);
}

TEST_F(LogReader, FollowsAcrossRotation) {
  writer_.say("one\n");
  EXPECT_EQ(texts(reader_.read_new()), lines{"one"});
  writer_.say("two\ncut");
  writer_.rotate(path_, dir_ / "out.log.1");
  writer_.say(" off\nthree\n");
  lines seen;
  do {
    for (auto& text : texts(reader_.read_new()))
      seen.push_back(text);
  } while (reader_.has_more() && seen.size() < 10);
  EXPECT_EQ(seen, (lines{"two", "cut...", " off", "three"}));
  EXPECT_EQ(reader_.position(), 11U);
}

TEST_F(LogReader, TheTailIsThatOfTheNewFileAfterARotation) {
  writer_.say("old\n");
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), lines{"old"});
  writer_.rotate(path_, dir_ / "out.log.1");
  writer_.say("new\n");
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), lines{"new"});
}

TEST_F(LogReader, AFileThatWasCutOffIsReadFromTheBeginning) {
  writer_.say("one\ntwo and more\n");
  EXPECT_EQ(texts(reader_.read_new()), (lines{"one", "two and more"}));
  std::filesystem::resize_file(path_, 0);
  writer_.say("three\n");
  EXPECT_EQ(texts(reader_.read_new()), lines{"three"});
}

TEST_F(LogReader, WithoutAnIndexLinesHaveTheTimeOfTheFile) {
  writer_.say("one\n");
  std::filesystem::remove(path_ + ".idx");
  const auto entries = reader_.tail(1, unfinished_line::show);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->front().at, os::facts_of(path_)->modified);
}

TEST_F(LogReader, BinaryOutputComesBackAsItWas) {
  const std::string binary{"\0\xff\r\x1b[31m", 8};
  writer_.say(binary + "\n");
  EXPECT_EQ(texts(reader_.read_new()), lines{binary});
}

TEST(MergeByTime, OrdersByTimeAndKeepsTheOrderWithinAStream) {
  const auto at = [](int ns, std::string text) {
    return log_entry{os::file_time{std::chrono::nanoseconds{ns}}, std::move(text), false};
  };
  const std::vector<std::vector<log_entry>> streams{
      {at(5, "a5"), at(2, "clock was set back"), at(9, "a9")}, {}, {at(1, "c1"), at(5, "c5"), at(7, "c7")}};
  const auto merged = [&](std::size_t most) {
    lines all;
    for (const auto& m : merge_by_time(streams, most))
      all.push_back(std::to_string(m.stream) + m.entry.text);
    return all;
  };
  EXPECT_EQ(merged(100), (lines{"2c1", "0a5", "0clock was set back", "2c5", "2c7", "0a9"}));
  EXPECT_EQ(merged(2), (lines{"2c7", "0a9"}));
  EXPECT_EQ(merged(0), lines{});
}

} // namespace
} // namespace alder::store
