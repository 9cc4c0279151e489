#include "runtime/logs/log_totals.hpp"

#include <gtest/gtest.h>

namespace alder::logs {
namespace {

TEST(LogTotals, AddUpWhatHasComeSince) {
  log_totals totals;
  const log_tally first{.bytes_written = 100, .bytes_lost = 10, .lines_lost = 2, .rotations = 1, .spilled = 50};
  totals.add(1, first, {});
  totals.add(1, {.bytes_written = 130, .bytes_lost = 15, .lines_lost = 3, .rotations = 1, .spilled = 20}, first);
  totals.add(2, {.bytes_written = 7}, {});
  totals.note_chunk();
  totals.note_wakeup();
  totals.note_wakeup();

  const auto one = totals.of(1);
  EXPECT_EQ(one.bytes_written, 130U);
  EXPECT_EQ(one.bytes_lost, 15U);
  EXPECT_EQ(one.lines_lost, 3U);
  EXPECT_EQ(one.rotations, 1U);
  EXPECT_EQ(one.spilled, 20U) << "what waits at the moment";
  EXPECT_EQ(totals.of(2).bytes_written, 7U);
  EXPECT_EQ(totals.of(3).bytes_written, 0U);

  const auto all = totals.counters();
  EXPECT_EQ(all.bytes_written, 137U);
  EXPECT_EQ(all.bytes_lost, 15U);
  EXPECT_EQ(all.lines_lost, 3U);
  EXPECT_EQ(all.chunks, 1U);
  EXPECT_EQ(all.wakeups, 2U);
}

TEST(LogTotals, AStreamThatMovesToAnotherFileKeepsItsOwn) {
  log_totals totals;
  totals.add(1, {.bytes_written = 100}, {});
  totals.add(1, {.bytes_written = 5}, {}); // of the new file
  EXPECT_EQ(totals.of(1).bytes_written, 105U);
}

} // namespace
} // namespace alder::logs
