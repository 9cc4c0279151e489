#include "runtime/logs/log_reader.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/logs/log_press.hpp"
#include "runtime/logs/log_sink.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace alder::logs {
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
  log_sink sink_;
  std::chrono::nanoseconds clock_{0};
};

std::vector<std::string> texts(const result<std::vector<log_entry>>& entries) {
  if (!entries) return {"error: " + entries.failure().message};
  std::vector<std::string> all;
  for (const auto& entry : *entries)
    all.push_back(entry.text + (entry.partial ? "..." : ""));
  return all;
}

using line_texts = std::vector<std::string>;

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
  EXPECT_EQ(texts(reader_.tail(100, unfinished_line::show)), (line_texts{"one", "two", "three", "four"}));
  EXPECT_EQ(texts(reader_.tail(0, unfinished_line::show)), line_texts{});
}

TEST_F(LogReader, TheTailTellsThatItHasNotLookedAtAllOfALargeFile) {
  const std::string line = std::string(9'999, 'x') + "\n";
  for (std::uint64_t size = 0; size <= log_reader::most_tail_bytes; size += 100 * line.size()) {
    std::string some;
    for (int i = 0; i < 100; ++i)
      some += line;
    writer_.say(some);
  }
  EXPECT_LT(reader_.tail(100'000, unfinished_line::show)->size(), 1700U);
  EXPECT_TRUE(reader_.has_older());
  const auto seen = reader_.tail(100'000, unfinished_line::show)->size();
  EXPECT_EQ(reader_.tail(seen + 1, unfinished_line::show)->size(), seen);
  EXPECT_TRUE(reader_.has_older()) << "there is one more, and it is asked for";
  EXPECT_EQ(reader_.tail(1'000, unfinished_line::show)->size(), 1000U);
  EXPECT_FALSE(reader_.has_older());
}

TEST_F(LogReader, AMissingFileHasNoLinesAndMayComeLater) {
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), line_texts{});
  EXPECT_EQ(texts(reader_.read_new()), line_texts{});
  writer_.say("first\n");
  EXPECT_EQ(texts(reader_.read_new()), line_texts{"first"});
}

TEST_F(LogReader, AnUnfinishedLineIsShownOrHeld) {
  writer_.say("one\ntwo\nenter name: ");
  EXPECT_EQ(texts(reader_.tail(2, unfinished_line::show)), (line_texts{"two", "enter name: ..."}));
  EXPECT_EQ(texts(reader_.tail(2, unfinished_line::hold)), (line_texts{"one", "two"}));
  EXPECT_EQ(reader_.position(), std::filesystem::file_size(path_));
  writer_.say("joe\n");
  EXPECT_EQ(texts(reader_.read_new()), line_texts{"enter name: joe"});
  EXPECT_EQ(texts(reader_.read_new()), line_texts{});
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
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::hold)), line_texts{"last"});
}

TEST_F(LogReader, AVeryLongLineComesInPieces) {
  writer_.say(std::string(longest_line + 5, 'x') + "\nnext\n");
  for (std::size_t read = 0; read < longest_line; read += log_reader::most_new_bytes) {
    const auto first = reader_.read_new();
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->empty()) << "only one byte more tells that the line goes on";
    ASSERT_TRUE(reader_.has_more());
  }
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
  } while (reader_.has_more() && calls < 100);
  EXPECT_EQ(count, 300U);
  EXPECT_EQ(calls, 12);
}

TEST_F(LogReader, FollowsAcrossRotation) {
  writer_.say("one\n");
  EXPECT_EQ(texts(reader_.read_new()), line_texts{"one"});
  writer_.say("two\ncut");
  writer_.rotate(path_, dir_ / "out.log.1");
  writer_.say(" off\nthree\n");
  line_texts seen;
  do {
    for (auto& text : texts(reader_.read_new()))
      seen.push_back(text);
  } while (reader_.has_more() && seen.size() < 10);
  EXPECT_EQ(seen, (line_texts{"two", "cut...", " off", "three"}));
  EXPECT_EQ(reader_.position(), 11U);
}

TEST_F(LogReader, TheTailIsThatOfTheNewFileAfterARotation) {
  writer_.say("old\n");
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), line_texts{"old"});
  writer_.rotate(path_, dir_ / "out.log.1");
  writer_.say("new\n");
  EXPECT_EQ(texts(reader_.tail(5, unfinished_line::show)), line_texts{"new"});
}

TEST_F(LogReader, AFileThatWasCutOffIsReadFromTheBeginning) {
  writer_.say("one\ntwo and more\n");
  EXPECT_EQ(texts(reader_.read_new()), (line_texts{"one", "two and more"}));
  std::filesystem::resize_file(path_, 0);
  writer_.say("three\n");
  EXPECT_EQ(texts(reader_.read_new()), line_texts{"three"});
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
  EXPECT_EQ(texts(reader_.read_new()), line_texts{binary});
}

/// Writes to files of 20 bytes each.
class LogReaderOverArchives : public ::testing::Test {
protected:
  void say(std::string_view text) {
    log_sink::report told;
    while (!text.empty()) {
      const auto size = sink_.portion(text, now(), told);
      (void)sink_.append(text.substr(0, size), now());
      text.remove_prefix(size);
    }
    clock_ += 1s;
  }
  /// "line 10" and so on: two to a file.
  void say_lines(int first, int last) {
    for (int n = first; n <= last; ++n)
      say("line " + std::to_string(n) + "\n");
  }
  [[nodiscard]] log_sink::moment now() const { return {os::file_time{clock_}, {}}; }
  void compress_all_but_the_newest(log_compression how = log_compression::gzip) {
    log_press press;
    log_spec rules;
    rules.compress = how;
    rules.max_files = 100;
    press.look_after({{path_}, rules});
    press.settle();
  }
  line_texts read_all(log_reader& reader) {
    line_texts seen;
    for (int calls = 0; calls < 1000; ++calls) {
      for (auto& text : texts(reader.read_new()))
        seen.push_back(text);
      if (!reader.has_more()) return seen;
    }
    return {"it never ends"};
  }
  static line_texts numbered(int first, int last) {
    line_texts all;
    for (int n = first; n <= last; ++n)
      all.push_back("line " + std::to_string(n));
    return all;
  }
  static log_spec rules() {
    log_spec spec;
    spec.max_size = 20;
    return spec;
  }

  test::temporary_directory dir_;
  std::string path_ = dir_ / "out.log";
  log_sink sink_{path_, 1s, rules()};
  std::chrono::nanoseconds clock_ = 1'000'000s;
};

TEST_F(LogReaderOverArchives, TheTailGoesBackIntoArchives) {
  (void)sink_.open(now());
  say_lines(10, 19);
  log_reader reader{path_};
  EXPECT_EQ(texts(reader.tail(7, unfinished_line::show)), numbered(13, 19));
  EXPECT_FALSE(reader.has_older());
  EXPECT_EQ(texts(reader.tail(100, unfinished_line::hold)), numbered(10, 19));
  say_lines(20, 20);
  EXPECT_EQ(read_all(reader), numbered(20, 20));
}

TEST_F(LogReaderOverArchives, TheTailOfManyArchivesEndsWithTheLiveFile) {
  (void)sink_.open(now());
  say_lines(10, 30);
  log_reader reader{path_};
  for (const std::size_t count : {1U, 5U, 21U}) {
    EXPECT_EQ(texts(reader.tail(count, unfinished_line::show)), numbered(31 - static_cast<int>(count), 30));
    EXPECT_EQ(texts(reader.tail(count, unfinished_line::hold)), numbered(31 - static_cast<int>(count), 30));
  }
}

TEST_F(LogReaderOverArchives, PortionsAreAsSmallAsTheyAreWanted) {
  ASSERT_TRUE(test::append(dir_ / "plain", "line 10\nline 11\nline 12\n"));
  log_reader reader{dir_ / "plain"};
  EXPECT_EQ(texts(reader.read_new(10)), numbered(10, 10));
  EXPECT_TRUE(reader.has_more());
  EXPECT_EQ(texts(reader.read_new(10)), numbered(11, 11));
  EXPECT_EQ(texts(reader.read_new(10)), numbered(12, 12));
  EXPECT_FALSE(reader.has_more());
}

TEST_F(LogReaderOverArchives, TheTailTellsThatThereAreCompressedOnes) {
  (void)sink_.open(now());
  say_lines(10, 19);
  compress_all_but_the_newest();
  log_reader reader{path_};
  EXPECT_EQ(texts(reader.tail(3, unfinished_line::show)), numbered(17, 19));
  EXPECT_FALSE(reader.has_older());
  EXPECT_EQ(texts(reader.tail(7, unfinished_line::show)), numbered(16, 19));
  EXPECT_TRUE(reader.has_older());
}

TEST_F(LogReaderOverArchives, AFollowerMissesNothingHoweverFastFilesArePutAside) {
  (void)sink_.open(now());
  say_lines(10, 10);
  log_reader reader{path_};
  EXPECT_EQ(read_all(reader), numbered(10, 10));
  say_lines(11, 30);
  compress_all_but_the_newest();
  EXPECT_EQ(read_all(reader), numbered(11, 30));
  say_lines(31, 40);
  EXPECT_EQ(read_all(reader), numbered(31, 40));
}

TEST_F(LogReaderOverArchives, TellsWhatWasDeletedBeforeItCameToIt) {
  (void)sink_.open(now());
  say_lines(10, 12);
  log_reader reader{path_};
  ASSERT_TRUE(reader.seek({}));
  EXPECT_EQ(read_all(reader), numbered(10, 12)); // the file goes on
  const auto before = clock_;
  say_lines(13, 19);
  const auto archives = archives_of(path_);
  ASSERT_EQ(archives.size(), 4U);
  EXPECT_FALSE(reader.take_gap());
  std::filesystem::remove(text_of(archives[2])); // 14 and 15
  auto seen = read_all(reader);
  EXPECT_EQ(seen, (line_texts{"line 13", "line 16", "line 17", "line 18", "line 19"}));
  const auto gap = reader.take_gap();
  ASSERT_TRUE(gap);
  EXPECT_GE(gap->from, os::file_time{before + 1s});
  EXPECT_EQ(gap->to, os::file_time{before + 3s}); // when line 16 came
  EXPECT_FALSE(reader.take_gap());
  say_lines(20, 29);
  compress_all_but_the_newest();
  EXPECT_EQ(read_all(reader), numbered(20, 29));
  EXPECT_FALSE(reader.take_gap());
}

TEST_F(LogReaderOverArchives, SearchesFromAMomentOn) {
  (void)sink_.open(now());
  say_lines(10, 19);
  compress_all_but_the_newest(log_compression::zstd);
  say_lines(20, 29);
  compress_all_but_the_newest(log_compression::gzip);
  for (int first = 10; first <= 29; ++first) {
    log_reader reader{path_};
    const os::file_time since{1'000'000s + std::chrono::seconds{first - 10}};
    ASSERT_TRUE(reader.seek(since));
    line_texts found;
    do {
      const auto entries = reader.read_new();
      ASSERT_TRUE(entries);
      for (const auto& entry : *entries)
        if (entry.at >= since) found.push_back(entry.text);
    } while (reader.has_more());
    EXPECT_EQ(found, numbered(first, 29));
  }
  log_reader reader{path_};
  ASSERT_TRUE(reader.seek(os::file_time{2'000'000s}));
  EXPECT_LE(read_all(reader).size(), 2U) << "older lines may come, but not many";
}

TEST_F(LogReaderOverArchives, KnowsWhenTheRunBeforeWas) {
  (void)sink_.open(now());
  EXPECT_FALSE(previous_run(path_));
  say_lines(10, 12);
  (void)sink_.end_line(now());
  sink_.mark_end_of_run(now());
  EXPECT_EQ(previous_run(path_)->ended, now().wall);
  const auto began = now().wall;
  say_lines(13, 15);
  (void)sink_.end_line(now());
  sink_.mark_end_of_run(now());
  const auto ended = now().wall;
  say_lines(16, 40); // many files later
  compress_all_but_the_newest();
  const auto run = previous_run(path_);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->began, began);
  EXPECT_EQ(run->ended, ended);
}

TEST_F(LogReaderOverArchives, AnArchiveThatIsDamagedGivesWhatItHas) {
  (void)sink_.open(now());
  int line = 10;
  for (const auto how : {log_compression::gzip, log_compression::zstd}) {
    say_lines(line, line + 9);
    compress_all_but_the_newest(how);
    const auto archives = archives_of(path_);
    const auto first =
        std::find_if(archives.begin(), archives.end(), [&](const auto& a) { return a.compression == how; });
    ASSERT_NE(first, archives.end());
    std::filesystem::resize_file(text_of(*first), 5);
    line += 10;
  }
  log_reader reader{path_};
  ASSERT_TRUE(reader.seek({}));
  auto left = numbered(12, 15);       // the first archive is damaged
  const auto rest = numbered(18, 29); // and so is the first that the other way compressed, which was the newest before
  left.insert(left.end(), rest.begin(), rest.end());
  EXPECT_EQ(read_all(reader), left);
}

TEST(MergeByTime, OrdersByTimeAndKeepsTheOrderWithinAStream) {
  const auto at = [](int ns, std::string text) {
    return log_entry{os::file_time{std::chrono::nanoseconds{ns}}, std::move(text), false};
  };
  const std::vector<std::vector<log_entry>> streams{
      {at(5, "a5"), at(2, "clock was set back"), at(9, "a9")}, {}, {at(1, "c1"), at(5, "c5"), at(7, "c7")}};
  const auto merged = [&](std::size_t most) {
    line_texts all;
    for (const auto& m : merge_by_time(streams, most))
      all.push_back(std::to_string(m.stream) + m.entry.text);
    return all;
  };
  EXPECT_EQ(merged(100), (line_texts{"2c1", "0a5", "0clock was set back", "2c5", "2c7", "0a9"}));
  EXPECT_EQ(merged(2), (line_texts{"2c7", "0a9"}));
  EXPECT_EQ(merged(0), line_texts{});
}

} // namespace
} // namespace alder::logs
