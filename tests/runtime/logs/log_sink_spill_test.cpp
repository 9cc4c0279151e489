#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/logs/log_sink.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

log_sink::moment after(std::chrono::nanoseconds passed) {
  return {os::file_time{1'000'000'000'000ns + passed}, std::chrono::steady_clock::time_point{1h + passed}};
}

/// A sink whose file cannot be written as long as a file stands in the place of its directory.
class SinkWithSpill : public testing::Test {
protected:
  SinkWithSpill() {
    rules_.pressure = log_pressure::spill;
    rules_.spill_to = dir_ / "spill";
    rules_.spill_max = 4096;
    obstruct();
  }
  [[nodiscard]] std::string path() const { return dir_ / "logs/web.log"; }
  void obstruct() const { ASSERT_TRUE(test::append(dir_ / "logs", "")); }
  void clear_way() const { std::filesystem::remove(dir_ / "logs"); }
  [[nodiscard]] std::string text() const {
    const auto read = os::read_file(path(), 1 << 20);
    return read ? *read : "(none)";
  }
  static void write_all_back(log_sink& sink, log_sink::moment now) {
    while (sink.write_back(now).taken > 0) {
    }
  }
  test::temporary_directory dir_;
  log_spec rules_;
};

TEST_F(SinkWithSpill, WhatCannotBeWrittenComesLaterAndInOrder) {
  log_sink sink{path(), 1s, rules_};
  EXPECT_EQ(sink.open(after(0s)).failed, ENOTDIR);
  EXPECT_EQ(sink.append("one\n", after(1ms)).taken, 4U);
  EXPECT_EQ(sink.append("two\n", after(2ms)).taken, 4U);
  EXPECT_EQ(sink.write_back_at(), after(1s).steady);
  clear_way();
  EXPECT_EQ(sink.write_back(after(500ms)).taken, 0U); // not yet
  EXPECT_FALSE(sink.write_back(after(1s)).recovered);
  EXPECT_EQ(sink.append("three\n", after(1s)).taken, 6U); // behind what waits
  EXPECT_EQ(text(), "one\n");
  EXPECT_FALSE(sink.write_back(after(1s)).recovered);
  EXPECT_EQ(sink.write_back(after(1s)).recovered, 0U);
  EXPECT_EQ(sink.append("four\n", after(2s)).taken, 5U);
  EXPECT_EQ(text(), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(sink.lines_lost(), 0U);
  EXPECT_FALSE(sink.write_back_at());
}

TEST_F(SinkWithSpill, TimesAreThoseOfTheirArrival) {
  rules_.format = log_format::time;
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("x\n", after(5ms));
  clear_way();
  write_all_back(sink, after(1s));
  EXPECT_EQ(text(), "1970-01-01T00:16:40.005Z x\n");
  const auto index = os::read_file(wire::log_index_path(path()), 100);
  ASSERT_TRUE(index);
  EXPECT_EQ(wire::decode_log_index(index->data()).moment_ns(), 1'000'005'000'000U);
}

TEST_F(SinkWithSpill, BeyondTheLimitWholeLinesAreLostAndCountedAndToldOnce) {
  rules_.spill_max = 16 + 8;
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  EXPECT_EQ(sink.append("1234\n6", after(1ms)).taken, 6U);
  auto told = sink.append("89\n", after(2ms));
  EXPECT_EQ(told.spill_failed, EFBIG);
  EXPECT_EQ(told.taken, 3U);
  EXPECT_FALSE(sink.append("lost\n", after(3ms)).spill_failed);
  EXPECT_EQ(sink.lines_lost(), 2U);
  clear_way();
  EXPECT_EQ(sink.write_back(after(1s)).recovered, 8U);
  (void)sink.append("next\n", after(1s));
  EXPECT_EQ(text(), "1234\n6\nnext\n"); // the line that was cut short has an end
}

TEST_F(SinkWithSpill, AFullSpillThatIsBeingWrittenBackMakesTheServiceWaitInsteadOfLosing) {
  rules_.spill_max = 2 * (16 + 5);
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("1234\n", after(1ms));
  (void)sink.append("5678\n", after(1ms));
  clear_way();
  EXPECT_EQ(sink.write_back(after(1s)).taken, 5U);
  EXPECT_EQ(sink.append("abcd\n", after(1s)).taken, 5U);
  const auto told = sink.append("efgh\n", after(1s));
  EXPECT_EQ(told.taken, 0U);
  EXPECT_LE(sink.retry_at(), after(1010ms).steady);
  write_all_back(sink, after(1010ms));
  EXPECT_EQ(sink.append("efgh\n", after(1010ms)).taken, 5U);
  EXPECT_EQ(text(), "1234\n5678\nabcd\nefgh\n");
  EXPECT_EQ(sink.bytes_lost(), 0U);
}

TEST_F(SinkWithSpill, WithoutTheOtherDirectoryLinesAreLostAndNothingIsGlued) {
  clear_way();
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("begun", after(0s));
  std::filesystem::remove_all(dir_ / "logs");
  obstruct();
  ASSERT_TRUE(test::append(dir_ / "spill", "in the way"));
  (void)sink.reopen(after(1ms));
  auto told = sink.append(" and lost\n", after(2ms));
  EXPECT_EQ(told.spill_failed, ENOTDIR);
  EXPECT_EQ(told.taken, 10U);
  clear_way();
  EXPECT_EQ(sink.append("next\n", after(2s)).taken, 5U);
  EXPECT_EQ(text(), "next\n");
  EXPECT_EQ(sink.lines_lost(), 1U);
}

TEST_F(SinkWithSpill, ALastLineWithoutEndGetsOneThere) {
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("last words", after(1ms));
  (void)sink.end_line(after(2ms));
  sink.mark_end_of_run(after(2ms));
  (void)sink.append("new process\n", after(3ms));
  clear_way();
  write_all_back(sink, after(1s));
  while (sink.write_back_at())
    (void)sink.write_back(after(1s));
  EXPECT_EQ(text(), "last words\nnew process\n");
  const auto index = os::read_file(wire::log_index_path(path()), 1000);
  ASSERT_TRUE(index);
  EXPECT_TRUE(wire::decode_log_index(index->data() + 2 * wire::log_index_record_size).ends_run());
}

TEST_F(SinkWithSpill, ASuccessorWritesBackWhatItFinds) {
  {
    log_sink first{path(), 1s, rules_};
    (void)first.open(after(0s));
    (void)first.append("kept\n", after(1ms));
  }
  clear_way();
  log_sink second{path(), 1s, rules_};
  (void)second.open(after(2s));
  ASSERT_TRUE(second.write_back_at());
  EXPECT_EQ(second.write_back(after(2s)).recovered, 0U);
  EXPECT_EQ(text(), "kept\n");
}

TEST_F(SinkWithSpill, OtherRulesKeepWhatWaits) {
  log_sink old{path(), 1s, rules_};
  (void)old.open(after(0s));
  (void)old.append("kept\n", after(1ms));
  log_sink next{path(), 1s, {}};
  next.inherit(old);
  EXPECT_EQ(old.spilled(), 0U);
  clear_way();
  (void)next.open(after(2ms));
  EXPECT_EQ(next.append("then\n", after(3ms)).taken, 5U);
  write_all_back(next, after(4ms));
  EXPECT_EQ(text(), "kept\nthen\n");
}

TEST_F(SinkWithSpill, WhatIsDamagedThereIsCountedAsLost) {
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("gone\n", after(1ms));
  for (const auto& file : std::filesystem::directory_iterator{rules_.spill_to})
    std::filesystem::resize_file(file.path(), 70);
  clear_way();
  const auto told = sink.write_back(after(1s));
  EXPECT_EQ(told.spill_failed, EIO);
  EXPECT_GE(told.recovered.value_or(0), 5U);
  EXPECT_GE(sink.bytes_lost(), 5U);
}

TEST_F(SinkWithSpill, ALineThatIsCutShortAndThenOverHasOneEnd) {
  rules_.spill_max = 16 + 8;
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("1234\n6", after(1ms));
  (void)sink.append(" lost", after(2ms));
  clear_way();
  write_all_back(sink, after(1s));
  (void)sink.end_line(after(2s));
  (void)sink.append("next\n", after(3s));
  EXPECT_EQ(text(), "1234\n6\nnext\n");
}

TEST_F(SinkWithSpill, ClearingThrowsAwayWhatWaits) {
  log_sink sink{path(), 1s, rules_};
  (void)sink.open(after(0s));
  (void)sink.append("gone\n", after(1ms));
  sink.forget_spilled();
  EXPECT_EQ(sink.spilled(), 0U);
  EXPECT_FALSE(sink.write_back_at());
}

} // namespace
} // namespace alder::logs
