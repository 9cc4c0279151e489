#include "runtime/os/log_sink.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/wire/log_index_record.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

namespace alder::os {
namespace {

using namespace std::chrono_literals;

log_sink::moment after(std::chrono::nanoseconds passed) {
  return {file_time{1'000'000'000'000ns + passed}, std::chrono::steady_clock::time_point{1h + passed}};
}

std::string text_of(const std::string& path) {
  const auto text = read_file(path, 1 << 20);
  return text ? *text : "(" + text.failure().message + ")";
}

std::vector<wire::log_index_record> index_of(const std::string& path) {
  const auto bytes = text_of(wire::log_index_path(path));
  std::vector<wire::log_index_record> records;
  for (std::size_t at = 0; at + wire::log_index_record_size <= bytes.size(); at += wire::log_index_record_size)
    records.push_back(wire::decode_log_index(bytes.data() + at));
  return records;
}

TEST(LogSink, WritesBytesUnchangedAndOneIndexRecordAChunk) {
  const test::temporary_directory dir;
  const auto path = dir / "deep/er/out.log";
  log_sink sink{path};
  EXPECT_FALSE(sink.open(after(0s)).failed);
  const std::string binary{"\0\xff\n", 3};
  (void)sink.append("part", after(1ns));
  (void)sink.append(binary, after(2ns));
  EXPECT_EQ(text_of(path), "part" + binary);
  EXPECT_EQ(sink.size(), 7U);
  EXPECT_EQ(index_of(path), (std::vector<wire::log_index_record>{{0, 1'000'000'000'001}, {4, 1'000'000'000'002}}));
}

TEST(LogSink, GoesOnWhereAnEarlierOneEnded) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  {
    log_sink first{path};
    (void)first.append("half", after(0s));
  }
  ASSERT_TRUE(append(wire::log_index_path(path), "torn")); // a record cut in two
  log_sink second{path};
  (void)second.open(after(1s));
  (void)second.end_line(after(1s));
  (void)second.end_line(after(1s));
  EXPECT_EQ(text_of(path), "half\n");
  ASSERT_EQ(index_of(path).size(), 2U);
  EXPECT_EQ(index_of(path)[1].offset, 4U);
}

TEST(LogSink, AFileThatWasCutOffBeginsANewIndex) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path};
  (void)sink.append("one\n", after(1s));
  (void)sink.append("two\n", after(2s));
  std::filesystem::resize_file(path, 0);
  (void)sink.append("three\n", after(3s));
  EXPECT_EQ(text_of(path), "three\n");
  EXPECT_EQ(sink.size(), 6U);
  ASSERT_EQ(index_of(path).size(), 1U);
  EXPECT_EQ(index_of(path)[0].offset, 0U);
}

TEST(LogSink, AFullDiskIsToldOnceAndCounted) {
  log_sink sink{"/dev/full"};
  EXPECT_FALSE(sink.open(after(0s)).failed);
  EXPECT_EQ(sink.append("one\n", after(0s)).failed, ENOSPC);
  EXPECT_FALSE(sink.append("two\nthree", after(500ms)).failed);
  EXPECT_FALSE(sink.append("\n", after(2s)).failed) << "tried again, but that has been told";
  EXPECT_EQ(sink.bytes_lost(), 14U);
  EXPECT_EQ(sink.lines_lost(), 3U);
  EXPECT_EQ(sink.bytes_written(), 0U);
  EXPECT_FALSE(std::filesystem::exists("/dev/full.idx"));
}

TEST(LogSink, TriesAgainAfterAWhileAndTellsWhatWasLost) {
  const test::temporary_directory dir;
  ASSERT_TRUE(append(dir / "way", "a file where a directory should be"));
  const auto path = dir / "way/out.log";
  log_sink sink{path, 1s};
  EXPECT_EQ(sink.open(after(0s)).failed, ENOTDIR);
  (void)sink.append("one\n", after(100ms));
  std::filesystem::remove(dir / "way");
  EXPECT_FALSE(sink.append("two\n", after(900ms)).recovered) << "too early for another try";
  const auto report = sink.append("three\n", after(1s));
  EXPECT_EQ(report.recovered, 8U);
  EXPECT_EQ(text_of(path), "three\n");
  EXPECT_FALSE(sink.append("four\n", after(1s)).recovered);
}

TEST(LogSink, WhatWasLostDoesNotGlueLinesTogether) {
  const test::temporary_directory dir;
  const auto path = dir / "out.log";
  log_sink sink{path, 1s};
  (void)sink.append("begun", after(0s));
  std::filesystem::rename(path, dir / "old");
  std::filesystem::create_symlink("/dev/full", path);
  EXPECT_FALSE(sink.reopen(after(1s)).failed) << "opening it works still";
  EXPECT_EQ(sink.append("lost\n", after(1s)).failed, ENOSPC);
  std::filesystem::remove(path);
  std::filesystem::rename(dir / "old", path);
  (void)sink.reopen(after(1100ms));
  EXPECT_EQ(sink.append("new\n", after(1100ms)).recovered, 5U) << "after a reopen there is no waiting";
  EXPECT_EQ(text_of(path), "begun\nnew\n");
}

} // namespace
} // namespace alder::os
