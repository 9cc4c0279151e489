// A reader that is replaced by another goes on behind the last line it gave.
#include "tests/support/temporary_directory.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/logs/log_press.hpp"
#include "runtime/logs/log_reader.hpp"
#include "runtime/logs/log_sink.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;
using line_texts = std::vector<std::string>;
namespace fs = std::filesystem;

/// Writes numbered lines to a file as the pump does; readers come and go.
class LogReaderPlaces : public ::testing::Test {
protected:
  void use(std::uint64_t max_size) {
    log_spec rules;
    rules.max_size = max_size;
    sink_.emplace(path_, 1s, rules);
    (void)sink_->open(now());
  }
  void SetUp() override { use(0); }

  void say(std::string_view text) {
    log_sink::report told;
    while (!text.empty()) {
      const auto size = sink_->portion(text, now(), told);
      (void)sink_->append(text.substr(0, size), now());
      text.remove_prefix(size);
    }
  }
  void say_lines(int count) {
    for (int i = 0; i < count; ++i) {
      say("line " + std::to_string(++said_) + "\n");
      clock_ += step_;
    }
  }
  [[nodiscard]] log_sink::moment now() const { return {os::file_time{clock_}, {}}; }
  void compress(log_compression how) {
    log_press press;
    log_spec rules;
    rules.compress = how;
    rules.max_files = 1000;
    press.look_after({{path_}, rules});
    press.settle();
  }
  void clear() {
    clear_log(path_);
    (void)sink_->reopen(now());
  }

  /// Another reader reads on from where the last one was, all there is.
  line_texts read_on() {
    log_reader reader{path_};
    EXPECT_TRUE(place_ ? reader.resume(*place_) : reader.seek({}));
    auto seen = read_all(reader);
    gap_ = reader.take_gap();
    return seen;
  }
  line_texts read_all(log_reader& reader) {
    line_texts seen;
    for (int calls = 0; calls < 1000; ++calls) {
      const auto entries = reader.read_new();
      EXPECT_TRUE(entries) << entries.failure().message;
      if (!entries) return seen;
      for (const auto& entry : *entries) {
        seen.push_back(entry.text);
        place_ = entry.end;
      }
      if (!reader.has_more()) return seen;
    }
    ADD_FAILURE() << "it never ends";
    return seen;
  }
  static line_texts numbered(int first, int last) {
    line_texts all;
    for (int n = first; n <= last; ++n)
      all.push_back("line " + std::to_string(n));
    return all;
  }

  test::temporary_directory dir_;
  std::string path_ = dir_ / "out.log";
  std::optional<log_sink> sink_;
  std::chrono::nanoseconds clock_ = 1'000'000s;
  std::chrono::nanoseconds step_ = 1s;
  int said_ = 0;
  std::optional<wire::log_position> place_;
  std::optional<log_reader::gap> gap_;
};

TEST_F(LogReaderPlaces, AfterEveryLine) {
  say_lines(20);
  log_reader reader{path_};
  const auto all = reader.read_new();
  ASSERT_TRUE(all);
  for (int n = 1; n <= 20; ++n) {
    place_ = all->at(static_cast<std::size_t>(n - 1)).end;
    EXPECT_EQ(read_on(), numbered(n + 1, 20));
    place_ = all->at(static_cast<std::size_t>(n - 1)).begin();
    EXPECT_EQ(read_on(), numbered(n, 20));
    EXPECT_FALSE(gap_);
  }
}

TEST_F(LogReaderPlaces, LinesOfOneMomentAndAClockThatIsSetBack) {
  step_ = 0s;
  say_lines(3);
  EXPECT_EQ(read_on(), numbered(1, 3));
  say_lines(3);
  EXPECT_EQ(read_on(), numbered(4, 6));
  clock_ -= 500'000s;
  say_lines(3);
  EXPECT_EQ(read_on(), numbered(7, 9));
  EXPECT_FALSE(gap_);
}

TEST_F(LogReaderPlaces, OverRotationAndCompressionHoweverOftenItIsReplaced) {
  use(50);
  for (const auto how : {log_compression::gzip, log_compression::zstd, log_compression::none}) {
    for (int round = 1; round <= 12; ++round) {
      const auto before = said_;
      say_lines(round);
      if (round % 3 == 0) compress(how);
      EXPECT_EQ(read_on(), numbered(before + 1, said_)) << round;
      EXPECT_FALSE(gap_) << round;
      if (round % 4 == 0) compress(how); // what was read last is compressed before it is read on
    }
  }
}

TEST_F(LogReaderPlaces, InTheMiddleOfACompressedArchive) {
  use(200);
  say_lines(10);
  log_reader reader{path_};
  const auto some = reader.read_new(40);
  ASSERT_TRUE(some);
  ASSERT_EQ(some->size(), 5U);
  place_ = some->back().end;
  for (const auto how : {log_compression::gzip, log_compression::zstd}) {
    say_lines(100);
    compress(how);
    const auto place = place_;
    EXPECT_EQ(read_on(), numbered(6, said_));
    place_ = place;
  }
  log_reader second{path_};
  ASSERT_TRUE(second.resume(*place_));
  place_ = second.read_new(30)->back().end; // now it knows the archive by name
  EXPECT_NE(place_->stamp_us, 0);
  const auto rest = read_on();
  EXPECT_EQ(rest.back(), "line " + std::to_string(said_));
  EXPECT_EQ(rest, numbered(said_ - static_cast<int>(rest.size()) + 1, said_));
}

TEST_F(LogReaderPlaces, AClockSetBackDoesNotPutArchivesIntoAnotherOrder) {
  use(30);
  say_lines(10);
  EXPECT_EQ(read_on(), numbered(1, 10));
  for (int i = 0; i < 3; ++i) {
    clock_ -= 100'000s;
    use(30); // another daemon, which knows nothing of the time before
    const auto before = said_;
    say_lines(10);
    EXPECT_EQ(read_on(), numbered(before + 1, said_)) << i;
    EXPECT_FALSE(gap_);
  }
}

TEST_F(LogReaderPlaces, WhatSomebodyMovedAwayIsReadToItsEnd) {
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(1, 5));
  say_lines(5);
  fs::rename(path_, dir_ / "out.log.1");
  (void)sink_->reopen(now());
  say_lines(5);
  (void)sink_->rotate_now(now()); // it is not skipped for that the file before is no archive
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(6, 20));
  EXPECT_FALSE(gap_);
}

TEST_F(LogReaderPlaces, WithoutAnIndexFilesAreKnownByTheirInode) {
  say_lines(5);
  fs::remove(path_ + ".idx");
  EXPECT_EQ(read_on(), numbered(1, 5));
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(6, 10));
  (void)sink_->rotate_now(now());
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(11, 15));
  EXPECT_FALSE(gap_);
}

TEST_F(LogReaderPlaces, WhatWasClearedIsAGapAndWhatCameAfterItFollows) {
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(1, 5));
  const auto before = clock_ - step_;
  say_lines(5);
  clear();
  const auto after = clock_;
  say_lines(20); // longer than it was
  EXPECT_EQ(read_on(), numbered(11, 30));
  EXPECT_EQ(gap_, (log_reader::gap{os::file_time{before}, os::file_time{after}}));
  EXPECT_EQ(read_on(), line_texts{});
  EXPECT_FALSE(gap_) << "once";
}

TEST_F(LogReaderPlaces, TheSameBytesInAFileThatWasClearedAreNotTheSameLines) {
  for (int i = 0; i < 5; ++i)
    say("tick\n");
  EXPECT_EQ(read_on().size(), 5U);
  clear();
  clock_ += 1s;
  for (int i = 0; i < 7; ++i)
    say("tick\n");
  EXPECT_EQ(read_on().size(), 7U);
  EXPECT_TRUE(gap_);
}

TEST_F(LogReaderPlaces, AFileThatSomebodyCutOffAndThatGrewAgain) {
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(1, 5));
  fs::resize_file(path_, 0);
  said_ = 100;
  say_lines(50);
  EXPECT_EQ(read_on(), numbered(101, 150));
  EXPECT_TRUE(gap_);
}

TEST_F(LogReaderPlaces, WhatWasDeletedIsAGap) {
  use(30);
  say_lines(1);
  EXPECT_EQ(read_on(), numbered(1, 1));
  say_lines(30);
  const auto archives = archives_of(path_);
  ASSERT_GT(archives.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i)
    fs::remove(text_of(archives[i]));
  const auto rest = read_on();
  EXPECT_EQ(rest, numbered(said_ - static_cast<int>(rest.size()) + 1, said_));
  EXPECT_LT(rest.size(), 25U);
  ASSERT_TRUE(gap_);
  EXPECT_EQ(gap_->from, os::file_time{1'000'000s});
  EXPECT_GT(gap_->to, gap_->from);
  EXPECT_EQ(read_on(), line_texts{});
}

TEST_F(LogReaderPlaces, WhenEverythingIsGoneTheNextFileEndsTheGap) {
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(1, 5));
  fs::remove(path_);
  fs::remove(path_ + ".idx");
  log_reader reader{path_};
  ASSERT_TRUE(reader.resume(*place_));
  EXPECT_EQ(read_all(reader), line_texts{});
  EXPECT_FALSE(reader.take_gap()) << "nobody knows yet where it ends";
  (void)sink_->reopen(now());
  const auto after = clock_;
  say_lines(5);
  EXPECT_EQ(read_all(reader), numbered(6, 10));
  EXPECT_EQ(reader.take_gap(), (log_reader::gap{os::file_time{1'000'004s}, os::file_time{after}}));
}

TEST_F(LogReaderPlaces, APlaceInAFileThatIsNotThereYet) {
  fs::remove(path_);
  log_reader reader{path_};
  ASSERT_TRUE(reader.go_to_end());
  const auto place = reader.place();
  ASSERT_TRUE(place);
  place_ = *place;
  use(30);
  say_lines(20); // several files before anybody looks
  compress(log_compression::gzip);
  EXPECT_EQ(read_on(), numbered(1, 20));
  EXPECT_FALSE(gap_);
  EXPECT_EQ(read_all(reader), numbered(1, 20)) << "nor does the one miss them that has waited";
}

TEST_F(LogReaderPlaces, APlaceInAFileThatIsStillEmpty) {
  for (const int written : {0, 7}) { // before it: no archive, or some
    use(30);
    say_lines(written);
    if (written > 0) (void)sink_->rotate_now(now());
    ASSERT_EQ(fs::file_size(path_), 0U);
    log_reader reader{path_};
    ASSERT_TRUE(reader.go_to_end());
    place_ = *reader.place();
    const auto before = said_;
    say_lines(20);
    compress(log_compression::gzip); // its inode is free for others
    EXPECT_EQ(read_on(), numbered(before + 1, said_));
    EXPECT_FALSE(gap_);
  }
}

TEST_F(LogReaderPlaces, APlaceInAnEmptyFileThatIsPutAsideBeforeAnybodyAsks) {
  log_reader reader{path_};
  ASSERT_TRUE(reader.go_to_end());
  use(30);
  say_lines(20);
  place_ = *reader.place();
  compress(log_compression::zstd);
  EXPECT_EQ(read_on(), numbered(1, 20));
  EXPECT_FALSE(gap_);
}

TEST_F(LogReaderPlaces, AnotherFileThatHasTheInodeOfOneThatIsGoneIsNotRead) {
  say_lines(2);
  log_reader reader{path_};
  place_ = reader.read_new()->front().begin();
  fs::remove(path_ + ".idx");
  fs::remove(path_);
  const auto other = dir_ / "other.log";
  std::ofstream{other} << "of another service\n";
  place_->inode = os::facts_of(other)->inode;
  use(0);
  say_lines(1);
  EXPECT_EQ(read_on(), line_texts{"line 3"});
  EXPECT_TRUE(gap_);
}

TEST_F(LogReaderPlaces, TheEndOfWhatThereIsNowIsAPlace) {
  use(100);
  say_lines(20);
  log_reader reader{path_};
  ASSERT_TRUE(reader.go_to_end());
  place_ = *reader.place();
  EXPECT_EQ(read_on(), line_texts{});
  say_lines(20);
  compress(log_compression::zstd);
  EXPECT_EQ(read_on(), numbered(21, 40));
  say("half");
  log_reader tail{path_};
  EXPECT_TRUE(tail.tail(0, unfinished_line::hold)->empty());
  place_ = *tail.place();
  say(" a line\n");
  EXPECT_EQ(read_on(), line_texts{"half a line"});
}

TEST_F(LogReaderPlaces, AnIndexBegunAnewByACrashDoesNotMakeItAnotherFile) {
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(1, 5));
  fs::create_hard_link(path_ + ".idx", dir_ / "out.log.20200101T000000.000000Z.idx"); // it was about to be put aside
  use(0);
  clock_ += 1h;
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(6, 10));
  say_lines(5);
  EXPECT_EQ(read_on(), numbered(11, 15));
  EXPECT_FALSE(gap_);
}

TEST_F(LogReaderPlaces, ALongLineInPieces) {
  const std::string half(longest_line, 'x');
  say(half + half + "end\nnext\n");
  log_reader reader{path_};
  std::vector<log_entry> all;
  do {
    const auto some = reader.read_new();
    ASSERT_TRUE(some);
    all.insert(all.end(), some->begin(), some->end());
  } while (reader.has_more());
  ASSERT_EQ(all.size(), 4U);
  place_ = all[0].end;
  EXPECT_EQ(read_on(), (line_texts{half, "end", "next"}));
  place_ = all[1].end;
  EXPECT_EQ(read_on(), (line_texts{"end", "next"}));
}

TEST_F(LogReaderPlaces, ThePresentRunIsBehindTheLastEndWhateverTheClockSays) {
  use(30);
  const auto present = [&] {
    log_reader reader{path_};
    EXPECT_TRUE(reader.seek_present_run());
    return read_all(reader);
  };
  say_lines(10);
  EXPECT_EQ(present(), numbered(1, 10)) << "no process has ended";
  sink_->mark_end_of_run(now());
  clock_ -= 100'000s;
  EXPECT_EQ(present(), line_texts{});
  say_lines(3);
  EXPECT_EQ(present(), numbered(11, 13));
  say_lines(20);
  compress(log_compression::gzip);
  EXPECT_EQ(present(), numbered(11, 33));
  (void)sink_->rotate_now(now());
  sink_->mark_end_of_run(now()); // the file is empty
  EXPECT_EQ(present(), line_texts{});
  say_lines(1);
  EXPECT_EQ(present(), numbered(34, 34));
  EXPECT_EQ(read_on(), line_texts{}) << "none is another's for that";
}

TEST_F(LogReaderPlaces, WhatMayBeTakenBackIsNotShown) {
  say_lines(5);
  unsettled_bytes unsettled;
  log_reader reader{path_};
  reader.settled = [&](const os::file_facts& facts) { return unsettled.settled(facts); };
  const auto facts = os::facts_of(path_);
  ASSERT_TRUE(facts);
  unsettled.begin({facts->device, facts->inode, facts->size, 1000});
  say_lines(5);
  EXPECT_EQ(read_all(reader), numbered(1, 5));
  EXPECT_EQ(read_all(reader), line_texts{});
  unsettled.end();
  EXPECT_EQ(read_all(reader), numbered(6, 10));
}

} // namespace
} // namespace alder::logs
