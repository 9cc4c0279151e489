#include "runtime/policy/reading_pace.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;

constexpr pipe_fill little{.queued = 100, .capacity = 65'536};
constexpr pipe_fill half{.queued = 32'768, .capacity = 65'536};
constexpr pipe_fill nearly_full{.queued = 49'152, .capacity = 65'536};

reading_pace::time_point at(std::chrono::microseconds since) { return reading_pace::time_point{1h} + since; }

/// One that was read again and again, the last time at `at(0s)`.
reading_pace busy(std::chrono::microseconds usual = 1000us) {
  reading_pace pace{usual};
  for (int before = 8; before >= 0; --before)
    (void)pace.note_read(little, at(-before * 1ms));
  return pace;
}

TEST(ReadingPace, LetsANearlyEmptyPipeFill) {
  const auto pace = busy();
  EXPECT_EQ(pace.fills_until(at(500us)), at(1500us));
  EXPECT_TRUE(pace.lets_fill(little, at(500us), at(1500us)));
  EXPECT_FALSE(pace.lets_fill(little, at(1500us), at(1500us))) << "its time is over";
  EXPECT_FALSE(pace.lets_fill(half, at(500us), at(1500us))) << "it has enough";
}

TEST(ReadingPace, LinesThatComeOneByOneAreReadAtOnce) {
  reading_pace pace{1000us};
  for (int line = 0; line < 100; ++line) {
    const auto now = at(line * 2ms);
    EXPECT_FALSE(pace.lets_fill(little, now, pace.fills_until(now))) << line;
    (void)pace.note_read(little, now);
  }
}

TEST(ReadingPace, AFewLinesTogetherAreReadAtOnce) {
  reading_pace pace{1000us};
  (void)pace.note_read(little, at(0s));
  for (int line = 0; line < 8; ++line) {
    const auto now = at(line * 100us);
    EXPECT_FALSE(pace.lets_fill(little, now, pace.fills_until(now))) << line;
    (void)pace.note_read(little, now);
  }
  EXPECT_TRUE(pace.lets_fill(little, at(800us), at(1800us))) << "now it is a flood";
}

TEST(ReadingPace, AFloodEndsWithASilence) {
  auto pace = busy();
  EXPECT_TRUE(pace.lets_fill(little, at(1999us), at(3ms)));
  EXPECT_FALSE(pace.lets_fill(little, at(2ms), at(3ms)));
  (void)pace.note_read(little, at(2ms));
  EXPECT_FALSE(pace.lets_fill(little, at(2100us), at(3ms))) << "a new one has to begin";
}

TEST(ReadingPace, AnEndIsReadAtOnce) {
  EXPECT_FALSE(busy().lets_fill({.queued = 100, .capacity = 65'536, .is_over = true}, at(500us), at(1500us)));
}

TEST(ReadingPace, AFullPipeShouldBeLargerOrReadSooner) {
  auto pace = busy();
  EXPECT_FALSE(pace.note_read(half, at(1ms)));
  EXPECT_TRUE(pace.note_read(nearly_full, at(2ms)));
  EXPECT_EQ(pace.fills_until(at(2ms)), at(3ms)) << "it may have become a larger one";
  pace.read_sooner();
  EXPECT_EQ(pace.fills_until(at(2ms)), at(2500us));
  for (int i = 0; i < 10; ++i)
    pace.read_sooner();
  EXPECT_EQ(pace.fills_until(at(2ms)), at(2050us)) << "no sooner than this";
}

TEST(ReadingPace, RecoversWhenThereIsLittle) {
  auto pace = busy();
  pace.read_sooner();
  pace.read_sooner();
  (void)pace.note_read(little, at(1ms));
  EXPECT_EQ(pace.fills_until(at(1ms)), at(1500us));
  (void)pace.note_read(half, at(2ms));
  EXPECT_EQ(pace.fills_until(at(2ms)), at(2500us)) << "this is as it should be";
  (void)pace.note_read(little, at(3ms));
  (void)pace.note_read(little, at(4ms));
  EXPECT_EQ(pace.fills_until(at(4ms)), at(5ms)) << "as usual again, and not more";
}

TEST(ReadingPace, AnotherProcessBeginsAnew) {
  auto pace = busy();
  pace.read_sooner();
  pace.begin_anew();
  EXPECT_EQ(pace.fills_until(at(0s)), at(1ms));
  EXPECT_FALSE(pace.lets_fill(little, at(500us), at(1ms))) << "it has not flooded yet";
}

TEST(ReadingPace, WithoutAnyDelayStaysWithoutOne) {
  auto pace = busy(0us);
  EXPECT_FALSE(pace.lets_fill(little, at(0s), pace.fills_until(at(0s))));
  pace.read_sooner();
  EXPECT_EQ(pace.fills_until(at(0s)), at(0s));
}

} // namespace
} // namespace alder::policy
