#include "runtime/policy/log_rotation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;
using names = std::vector<std::string>;

TEST(LogRotation, PeriodsEndOnTheHourAndAtLocalMidnight) {
  const log_time began{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + 22h + 30min};
  EXPECT_EQ(period_end(began, 1h, 0s), began + 30min);
  EXPECT_EQ(period_end(began, 24h, 0s), began + 90min);
  EXPECT_EQ(period_end(began, 24h, 1h), began + 30min) << "an hour east of Greenwich";
  EXPECT_EQ(period_end(began, 0ms, 0s), std::nullopt);
  EXPECT_EQ(period_end(log_time{-1ms}, 1h, 0s), log_time{0ms});
}

TEST(LogRotation, WhatFitsIsWritten) {
  EXPECT_EQ(next_portion("one\ntwo\n", {.size = 92}, 100), (rotation_step{false, 8}));
  EXPECT_EQ(next_portion("one\ntwo\n", {.size = 1000}, 0), (rotation_step{false, 8}));
}

TEST(LogRotation, FilesAreCutBetweenLines) {
  EXPECT_EQ(next_portion("one\ntwo\n", {.size = 93}, 100), (rotation_step{false, 4}));
  EXPECT_EQ(next_portion("two\n", {.size = 97}, 100), (rotation_step{true, 4}));
  EXPECT_EQ(next_portion("one\ntwo\n", {.size = 100}, 100), (rotation_step{true, 8}));
  EXPECT_EQ(next_portion("one\ntwo", {.size = 97}, 6), (rotation_step{true, 4}));
}

TEST(LogRotation, ALineIsEndedBeforeItsFileIs) {
  EXPECT_EQ(next_portion("end\nnext\n", {.size = 120, .in_line = true}, 100), (rotation_step{false, 4}));
  EXPECT_EQ(next_portion("no end yet", {.size = 120, .in_line = true}, 100), (rotation_step{false, 10}));
  EXPECT_EQ(next_portion("end\nnext\n", {.size = 10, .in_line = true, .is_over = true}, 100),
            (rotation_step{false, 4}));
  EXPECT_EQ(next_portion("a long end\nnext\n", {.size = 98, .in_line = true}, 100), (rotation_step{false, 11}));
}

TEST(LogRotation, ALineLongerThanAFileIsKeptWhole) {
  EXPECT_EQ(next_portion("0123456789\nnext\n", {.size = 0}, 4), (rotation_step{false, 11}));
  EXPECT_EQ(next_portion("0123456789\nnext\n", {.size = 3}, 4), (rotation_step{true, 11}));
}

TEST(LogRotation, AnEmptyFileIsNotPutAside) {
  EXPECT_EQ(next_portion("one\n", {.size = 0, .is_over = true}, 100), (rotation_step{false, 4}));
  EXPECT_EQ(next_portion("one\n", {.size = 8, .is_over = true}, 100), (rotation_step{true, 4}));
}

/// Whatever the portions, the files together hold the bytes, and each but the last ends with a line.
TEST(LogRotation, NoByteIsLostOrMoved) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::string bytes;
    unsigned dice = seed * 2654435761U + 1;
    const auto roll = [&](unsigned below) { return (dice = dice * 1664525U + 1013904223U) / 65536U % below; };
    while (bytes.size() < 400)
      bytes += std::string(roll(60), 'x') + (roll(5) == 0 ? "" : "\n");
    std::vector<std::string> files(1);
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto chunk = rest.substr(0, 1 + roll(100));
      const auto& last = files.back();
      const auto step = next_portion(
          chunk, {.size = last.size(), .in_line = !last.empty() && last.back() != '\n', .is_over = roll(20) == 0}, 50);
      ASSERT_GT(step.bytes, 0U);
      ASSERT_LE(step.bytes, chunk.size());
      if (step.rotate) {
        ASSERT_EQ(last.back(), '\n');
        files.emplace_back();
      }
      files.back() += chunk.substr(0, step.bytes);
      rest.remove_prefix(step.bytes);
    }
    std::string all;
    for (const auto& file : files) {
      all += file;
      const auto line = file.rfind('\n', file.size() - std::min<std::size_t>(file.size(), 2));
      if (file.size() > 50) {
        EXPECT_TRUE(line == std::string::npos || line < 50) << "only its last line is too long";
      }
    }
    EXPECT_EQ(all, bytes);
  }
}

std::vector<archived_file> archives() {
  return {{"a1", "a", 10, log_time{1h}},
          {"b1", "b", 20, log_time{2h}},
          {"a2", "a", 30, log_time{3h}},
          {"a3", "a", 40, log_time{4h}}};
}

TEST(LogRotation, RetentionCountsEachFilesArchives) {
  log_spec rules;
  rules.max_files = 3;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), names{});
  rules.max_files = 2;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), names{"a1"});
  rules.max_files = 0;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), (names{"a1", "b1", "a2", "a3"}));
}

TEST(LogRotation, RetentionLeavesRoomForTheFilesBeingWritten) {
  log_spec rules;
  rules.max_size = 50;
  rules.max_total = 200;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), names{});
  rules.max_total = 189;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), (names{"a1", "b1"})) << "89 bytes are allowed";
  rules.max_total = 60;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}).size(), 4U);
}

TEST(LogRotation, OldArchivesGo) {
  log_spec rules;
  rules.max_age = 2h;
  EXPECT_EQ(surplus_of_service(archives(), rules, 2, log_time{5h}), (names{"a1", "b1"}));
}

TEST(LogRotation, TheOldestMakeRoom) {
  EXPECT_EQ(oldest_of(archives(), 0), names{});
  EXPECT_EQ(oldest_of(archives(), 25), (names{"a1", "b1"}));
  EXPECT_EQ(oldest_of(archives(), 1000).size(), 4U);
}

} // namespace
} // namespace alder::policy
