#include "runtime/logs/log_sink.hpp"

#include "tests/support/append.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

log_sink::moment later(std::chrono::nanoseconds passed) {
  return {os::file_time{1'000'000'000'000ns + passed}, std::chrono::steady_clock::time_point{1h + passed}};
}

std::string said_in(const std::string& path) {
  const auto text = os::read_file(path, 1 << 20);
  return text ? *text : "(" + text.failure().message + ")";
}

std::vector<wire::log_index_record> index_of(const std::string& path) {
  const auto bytes = said_in(wire::log_index_path(path));
  std::vector<wire::log_index_record> records;
  for (std::size_t at = 0; at + wire::log_index_record_size <= bytes.size(); at += wire::log_index_record_size)
    records.push_back(wire::decode_log_index(bytes.data() + at));
  return records;
}

TEST(LogSink, WritesBytesUnchangedAndOneIndexRecordAChunk) {
  const test::temporary_directory dir;
  const auto path = dir / "deep/er/out.log";
  log_sink sink{path};
  EXPECT_FALSE(sink.open(later(0s)).failed);
  const std::string binary{"\0\xff\n", 3};
  (void)sink.append("part", later(1ns));
  (void)sink.append(binary, later(2ns));
  EXPECT_EQ(said_in(path), "part" + binary);
  EXPECT_EQ(sink.size(), 7U);
  EXPECT_EQ(index_of(path), (std::vector<wire::log_index_record>{{0, 1'000'000'000'001}, {4, 1'000'000'000'002}}));
}

TEST(LogSink, TimesAreShownInTheZoneOfTheRules) {
  const test::temporary_directory dir;
  log_spec rules;
  rules.format = log_format::time;
  rules.zone = time_zone{"East", 19'800, {}, {}};
  log_sink iso{dir / "iso", 1s, rules};
  (void)iso.append("x\n", later(0s)); // 1970-01-01 00:16:40 UTC
  EXPECT_EQ(said_in(dir / "iso"), "1970-01-01T05:46:40.000+05:30 x\n");
  rules.date_format = "HH:mm";
  log_sink own{dir / "own", 1s, rules};
  (void)own.append("x\n", later(0s));
  EXPECT_EQ(said_in(dir / "own"), "05:46 x\n");
}

TEST(LogSink, GoesOnWhereAnEarlierOneEnded) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  {
    log_sink first{path};
    (void)first.append("half", later(0s));
  }
  ASSERT_TRUE(test::append(wire::log_index_path(path), "torn")); // a record cut in two
  log_sink second{path};
  (void)second.open(later(1s));
  (void)second.end_line(later(1s));
  second.mark_end_of_run(later(1s));
  (void)second.end_line(later(1s));
  second.mark_end_of_run(later(1s));
  EXPECT_EQ(said_in(path), "half\n");
  ASSERT_EQ(index_of(path).size(), 4U);
  EXPECT_EQ(index_of(path)[1].offset, 4U);
  EXPECT_FALSE(index_of(path)[1].ends_run());
  EXPECT_TRUE(index_of(path)[2].ends_run());
  EXPECT_EQ(index_of(path)[2].offset, 5U);
}

TEST(LogSink, AFileThatWasCutOffBeginsANewIndex) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path};
  (void)sink.append("one\n", later(1s));
  (void)sink.append("two\n", later(2s));
  std::filesystem::resize_file(path, 0);
  (void)sink.append("three\n", later(3s));
  EXPECT_EQ(said_in(path), "three\n");
  EXPECT_EQ(sink.size(), 6U);
  ASSERT_EQ(index_of(path).size(), 1U);
  EXPECT_EQ(index_of(path)[0].offset, 0U);
}

TEST(LogSink, AnIndexThatCannotBeReadIsKeptBesideAndTold) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  const auto index = wire::log_index_path(path);
  {
    log_sink first{path};
    (void)first.append("one\n", later(1ns));
    (void)first.append("two\n", later(2ns));
  }
  const auto whole = said_in(index);
  std::size_t kept = 0;
  for (const auto& bytes : {std::string(4096, '\0'), std::string(1000, 'x'), whole.substr(16) + whole}) {
    ASSERT_TRUE(os::write_file_atomically(index, bytes));
    log_sink sink{path};
    const auto told = sink.append("more\n", later(3ns));
    EXPECT_EQ(os::damaged_files(dir.path()).size(), ++kept);
    EXPECT_EQ(said_in(told.kept_index), bytes);
    ASSERT_EQ(index_of(path).size(), 1U);
    EXPECT_EQ(index_of(path)[0].unix_ns, 1'000'000'000'003U);
    EXPECT_EQ(sink.append("again\n", later(4ns)).kept_index, "") << "once";
  }
  std::filesystem::remove(index);
  std::filesystem::create_directory(index);
  log_sink sink{path};
  EXPECT_FALSE(sink.append("more\n", later(3ns)).kept_index.empty());
  EXPECT_EQ(index_of(path).size(), 1U);
}

TEST(LogSink, AFullDiskIsToldOnceAndCounted) {
  log_sink sink{"/dev/full"};
  EXPECT_FALSE(sink.open(later(0s)).failed);
  EXPECT_EQ(sink.append("one\n", later(0s)).failed, ENOSPC);
  EXPECT_FALSE(sink.append("two\nthree", later(500ms)).failed);
  EXPECT_FALSE(sink.append("\n", later(2s)).failed) << "tried again, but that has been told";
  EXPECT_EQ(sink.bytes_lost(), 14U);
  EXPECT_EQ(sink.lines_lost(), 3U);
  EXPECT_EQ(sink.bytes_written(), 0U);
  EXPECT_FALSE(std::filesystem::exists("/dev/full.idx"));
}

TEST(LogSink, TriesAgainAfterAWhileAndTellsWhatWasLost) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "way", "a file where a directory should be"));
  const auto path = dir / "way/out.log";
  log_sink sink{path, 1s};
  EXPECT_EQ(sink.open(later(0s)).failed, ENOTDIR);
  (void)sink.append("one\n", later(100ms));
  std::filesystem::remove(dir / "way");
  EXPECT_FALSE(sink.append("two\n", later(900ms)).recovered) << "too early for another try";
  const auto report = sink.append("three\n", later(1s));
  EXPECT_EQ(report.recovered, 8U);
  EXPECT_EQ(said_in(path), "three\n");
  EXPECT_FALSE(sink.append("four\n", later(1s)).recovered);
}

TEST(LogSink, WhatWasLostDoesNotGlueLinesTogether) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path, 1s};
  (void)sink.append("begun", later(0s));
  std::filesystem::rename(path, dir / "old");
  std::filesystem::create_symlink("/dev/full", path);
  EXPECT_FALSE(sink.reopen(later(1s)).failed) << "opening it works still";
  EXPECT_EQ(sink.append("lost\n", later(1s)).failed, ENOSPC);
  std::filesystem::remove(path);
  std::filesystem::rename(dir / "old", path);
  (void)sink.reopen(later(1100ms));
  EXPECT_EQ(sink.append("new\n", later(1100ms)).recovered, 5U) << "after a reopen there is no waiting";
  EXPECT_EQ(said_in(path), "begun\nnew\n");
}

std::vector<std::string> archives_in_order(const std::string& path) {
  std::vector<std::string> texts;
  for (const auto& archive : archives_of(path))
    texts.push_back(said_in(text_of(archive)));
  return texts;
}

/// Says bytes as the pump does, portion by portion.
void say(log_sink& sink, std::string_view bytes, log_sink::moment now) {
  while (!bytes.empty()) {
    log_sink::report told;
    const auto size = sink.portion(bytes, now, told);
    EXPECT_FALSE(told.not_rotated);
    (void)sink.append(bytes.substr(0, size), now);
    bytes.remove_prefix(size);
  }
}

log_spec small_files() {
  log_spec rules;
  rules.max_size = 10;
  return rules;
}

TEST(LogSink, AFullFileIsPutAsideWithItsIndex) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path, 1s, small_files()};
  (void)sink.open(later(0s));
  say(sink, "one\ntwo\nthree\nfour\n", later(1s));
  say(sink, "a line longer than a file\nx\n", later(2s));
  EXPECT_EQ(archives_in_order(path),
            (std::vector<std::string>{"one\ntwo\n", "three\n", "four\n", "a line longer than a file\n"}));
  EXPECT_EQ(said_in(path), "x\n");
  EXPECT_EQ(sink.rotations(), 4U);
  const auto index = index_of(path);
  ASSERT_EQ(index.size(), 2U);
  EXPECT_TRUE(index[0].is_behind_archive());
  EXPECT_EQ(os::file_time{std::chrono::nanoseconds{index[0].unix_ns}},
            wire::parse_archive_stamp(archives_of(path).back().stamp));
  EXPECT_EQ(index[1], (wire::log_index_record{0, 1'002'000'000'000}));
  const auto first = archives_of(path).front();
  EXPECT_EQ(index_of(text_of(first)), (std::vector<wire::log_index_record>{{0, 1'001'000'000'000}}));
}

TEST(LogSink, AFileIsPutAsideWhenItsPeriodIsOver) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_spec rules;
  rules.rotate_every = 1min;
  {
    log_sink sink{path, 1s, rules};
    (void)sink.open(later(0s));
    say(sink, "one\n", later(10s)); // at 00:16:50
    say(sink, "two\n", later(30s));
    EXPECT_EQ(sink.rotations(), 1U) << "00:17:00 has passed";
  }
  log_sink next{path, 1s, rules}; // which knows the beginning of the file from its index
  (void)next.open(later(31s));
  say(next, "three\n", later(79s));
  say(next, "four\n", later(80s));
  EXPECT_EQ(archives_in_order(path), (std::vector<std::string>{"one\n", "two\nthree\n"}));
  EXPECT_EQ(said_in(path), "four\n");
}

TEST(LogSink, AnArchivesIndexUnderItsOldNameIsNotWrittenTo) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  {
    log_sink sink{path};
    (void)sink.append("one\n", later(1s));
  }
  // A crash came after the file had got its new name and before the index had lost its old one.
  const auto archive = path + "." + wire::archive_stamp(wire::archive_time{std::chrono::microseconds{1}});
  std::filesystem::rename(path, archive);
  std::filesystem::create_hard_link(path + ".idx", archive + ".idx");
  log_sink next{path};
  (void)next.append("two\n", later(2s));
  EXPECT_EQ(index_of(archive), (std::vector<wire::log_index_record>{{0, 1'001'000'000'000}}));
  EXPECT_EQ(index_of(path), (std::vector<wire::log_index_record>{{0, 1'002'000'000'000}}));
}

TEST(LogSink, TellsOnceThatAFileCannotBePutAside) {
  const test::temporary_directory dir;
  std::filesystem::create_directory(dir / "d");
  const auto path = dir / "d/out.log";
  log_sink sink{path, 1s, small_files()};
  (void)sink.open(later(0s));
  say(sink, "123456789\n", later(0s));
  std::filesystem::permissions(dir / "d", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  if (::access((dir / "d").c_str(), W_OK) == 0) GTEST_SKIP() << "root may write everywhere";
  log_sink::report told;
  EXPECT_EQ(sink.portion("more\n", later(1s), told), 5U);
  EXPECT_EQ(told.not_rotated, EACCES);
  told = {};
  EXPECT_EQ(sink.portion("more\n", later(3s), told), 5U);
  EXPECT_FALSE(told.not_rotated);
  std::filesystem::permissions(dir / "d", std::filesystem::perms::owner_all);
}

log_spec with_format(log_format format) {
  log_spec rules;
  rules.format = format;
  return rules;
}

TEST(LogSink, ATimeStandsBeforeEveryLine) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path, 1s, with_format(log_format::time)};
  (void)sink.append("one\ntw", later(0s));
  (void)sink.append("o\n\nthr", later(1s));
  (void)sink.end_line(later(2s));
  sink.mark_end_of_run(later(2s));
  (void)sink.append("four\n", later(3s));
  EXPECT_EQ(said_in(path), "1970-01-01T00:16:40.000Z one\n"
                           "1970-01-01T00:16:40.000Z two\n"
                           "1970-01-01T00:16:41.000Z \n"
                           "1970-01-01T00:16:41.000Z thr\n"
                           "1970-01-01T00:16:43.000Z four\n");
}

TEST(LogSink, EveryLineIsAnObject) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  auto rules = with_format(log_format::json);
  rules.date_format = "X";
  log_sink sink{path, 1s, rules};
  sink.set_writer({.origin = {.err = true}});
  (void)sink.append("a \"b\"\nhalf", later(0s));
  (void)sink.append(" more\n", later(1s));
  (void)sink.end_line(later(2s));
  sink.mark_end_of_run(later(2s));
  EXPECT_EQ(said_in(path), "{\"time\":\"1000\",\"stream\":\"err\",\"line\":\"a \\\"b\\\"\"}\n"
                           "{\"time\":\"1000\",\"stream\":\"err\",\"line\":\"half\",\"partial\":true}\n"
                           "{\"time\":\"1001\",\"stream\":\"err\",\"line\":\" more\"}\n");
}

TEST(LogSink, TheRestOfALostLineIsLostToo) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "way", ""));
  const auto path = dir / "way/out.log";
  log_sink sink{path, 1s};
  (void)sink.append("one\ntwo", later(0s));
  std::filesystem::remove(dir / "way");
  const auto told = sink.append(" and a half\nthree\n", later(2s));
  EXPECT_EQ(said_in(path), "three\n");
  EXPECT_EQ(told.recovered, 19U);
  EXPECT_EQ(sink.bytes_lost(), 19U);
  EXPECT_EQ(sink.lines_lost(), 2U);
}

TEST(LogSink, ABlockingOneTakesNothingItCannotWrite) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "way", ""));
  const auto path = dir / "way/out.log";
  log_spec rules;
  rules.pressure = log_pressure::block;
  log_sink sink{path, 1s, rules};
  const auto first = sink.append("one\n", later(0s));
  EXPECT_EQ(first.failed, ENOTDIR);
  EXPECT_EQ(first.taken, 0U);
  EXPECT_EQ(sink.retry_at(), later(1s).steady);
  std::filesystem::remove(dir / "way");
  const auto second = sink.append("one\n", later(1s));
  EXPECT_EQ(second.taken, 4U);
  EXPECT_EQ(second.recovered, 0U);
  EXPECT_EQ(said_in(path), "one\n");
  EXPECT_EQ(sink.bytes_lost(), 0U);
}

/// `logs` belongs to another user, who knows where root's file `precious` is.
struct LogSinkAttacked : ::testing::Test {
  LogSinkAttacked() {
    std::filesystem::permissions(dir.path(), std::filesystem::perms{0755});
    std::filesystem::create_directory(dir / "logs");
    EXPECT_TRUE(test::append(dir / "precious", "keep\n"));
    if (::geteuid() != 0) return;
    test::give_away(dir / "logs");
    rules.owner = log_owner{test::other_uid, test::other_uid, "nobody"};
  }
  void expect_untouched() {
    EXPECT_EQ(said_in(dir / "precious"), "keep\n");
    struct stat facts {};
    ASSERT_EQ(::stat((dir / "precious").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 0U);
  }
  test::temporary_directory dir;
  std::string path = dir / "logs/web.log";
  log_spec rules;
};

TEST_F(LogSinkAttacked, NothingIsWrittenThroughALinkAndTheReasonIsToldOnce) {
  ALDER_NEEDS_ROOT;
  for (const bool is_hard : {false, true}) {
    if (is_hard) {
      std::filesystem::create_hard_link(dir / "precious", path);
    } else {
      std::filesystem::create_symlink(dir / "precious", path);
    }
    log_sink sink{path, 1s, rules};
    const auto told = sink.open(later(0s));
    EXPECT_TRUE(told.failed);
    EXPECT_NE(told.why.find(path + " is a "), std::string::npos) << told.why;
    EXPECT_NE(told.why.find("nobody (uid 65534)"), std::string::npos) << told.why;
    EXPECT_FALSE(sink.append("one\n", later(0s)).failed);
    expect_untouched();
    std::filesystem::remove(path);
    EXPECT_EQ(sink.append("two\n", later(2s)).recovered, 4U);
    EXPECT_EQ(said_in(path), "two\n");
    std::filesystem::remove(path);
    std::filesystem::remove(path + ".idx");
  }
}

TEST_F(LogSinkAttacked, AnEmptyFileIsGivenToItsOwnerOnlyIfItWasMadeHere) {
  ALDER_NEEDS_ROOT;
  ASSERT_TRUE(test::append(path, "")); // of root's: it was moved here from where others may move files
  log_sink sink{path, 1s, rules};
  EXPECT_FALSE(sink.open(later(0s)).failed);
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, 0U);
  std::filesystem::remove(path);
  EXPECT_FALSE(sink.reopen(later(0s)).failed);
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, test::other_uid);
}

TEST_F(LogSinkAttacked, TheIndexIsNotWrittenThroughALinkEither) {
  ALDER_NEEDS_ROOT;
  for (const bool is_hard : {false, true}) {
    if (is_hard) {
      std::filesystem::create_hard_link(dir / "precious", path + ".idx");
      ASSERT_EQ(::linkat(AT_FDCWD, (dir / "precious").c_str(), AT_FDCWD, (dir / "logs/kept").c_str(), 0), 0);
    } else {
      std::filesystem::create_symlink(dir / "precious", path + ".idx");
    }
    log_sink sink{path, 1s, rules};
    EXPECT_FALSE(sink.open(later(0s)).failed);
    EXPECT_FALSE(sink.append("one\n", later(0s)).failed);
    expect_untouched();
    std::filesystem::remove(path + ".idx");
  }
}

TEST_F(LogSinkAttacked, RotatingAndClearingTouchWhatIsInTheDirectoryAlone) {
  ALDER_NEEDS_ROOT;
  log_sink sink{path, 1s, rules};
  (void)sink.open(later(0s));
  (void)sink.append("one\n", later(0s));
  std::filesystem::remove(path);
  std::filesystem::create_symlink(dir / "precious", path);
  const auto told = sink.rotate_now(later(1s));
  EXPECT_FALSE(told.not_rotated); // the link was put aside
  clear_log(path, test::other_uid);
  std::filesystem::create_symlink(dir / "precious", path + ".2");
  std::filesystem::rename(path + ".2", path);
  clear_log(path, test::other_uid);
  std::filesystem::remove(path);
  std::filesystem::create_hard_link(dir / "precious", path);
  clear_log(path, test::other_uid);
  expect_untouched();
}

} // namespace
} // namespace alder::logs
