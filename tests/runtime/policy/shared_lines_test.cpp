#include "runtime/policy/shared_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace alder::policy {
namespace {

constexpr std::size_t capacity = 64;

std::size_t portion(const std::string& bytes, open_line line, bool is_last = false) {
  return shared_portion({.bytes = bytes, .waiting = bytes.size(), .capacity = capacity, .is_last = is_last}, line);
}

TEST(SharedLines, WholeLinesAreWrittenAndTheirRestWaits) {
  EXPECT_EQ(portion("one\ntwo\nthr", open_line::none), 8U);
  EXPECT_EQ(portion("one\n", open_line::none), 4U);
  EXPECT_EQ(portion("thr", open_line::none), 0U);
}

TEST(SharedLines, NobodyWritesIntoAForeignLine) {
  EXPECT_EQ(portion("one\n", open_line::foreign), 0U);
  EXPECT_EQ(portion("one\n", open_line::foreign, /*is_last=*/true), 0U);
  EXPECT_EQ(portion(std::string(capacity, 'x'), open_line::foreign), 0U);
}

TEST(SharedLines, ALongLineIsBegunAndGoesOn) {
  EXPECT_EQ(portion(std::string(capacity / 4, 'x'), open_line::none), capacity / 4);
  EXPECT_EQ(portion(std::string(capacity / 4 - 1, 'x'), open_line::none), 0U);
  EXPECT_EQ(portion("x", open_line::own), 1U);
  EXPECT_EQ(portion("x\ny", open_line::own), 2U);
}

TEST(SharedLines, WhatIsNotSeenYetCountsToo) {
  EXPECT_EQ(shared_portion({.bytes = "x", .waiting = capacity, .capacity = capacity}, open_line::none), 1U);
  const std::size_t large = 1024 * 1024;
  EXPECT_EQ(shared_portion({.bytes = "x", .waiting = 16 * 1024, .capacity = large}, open_line::none), 1U);
  EXPECT_EQ(shared_portion({.bytes = "x", .waiting = 16 * 1024 - 1, .capacity = large}, open_line::none), 0U);
}

TEST(SharedLines, LastWordsNeedNoEnd) { EXPECT_EQ(portion("bye", open_line::none, /*is_last=*/true), 3U); }

} // namespace
} // namespace alder::policy
