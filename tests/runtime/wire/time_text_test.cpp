#include "runtime/wire/time_text.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

constexpr wall_time november =
    wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}} + 17h + 45min + 2s + 113ms;

TEST(TimeText, ShowsMillisecondsInUtc) {
  EXPECT_EQ(time_text(november), "2026-11-22T17:45:02.113Z");
  EXPECT_EQ(time_text(wall_time{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(wall_time{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(TimeText, KeepsToFourDigitsForTheYear) {
  EXPECT_EQ(time_text(wall_time::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(time_text(wall_time::min()), "0000-01-01T00:00:00.000Z");
}

TEST(TimeText, ReadsBackWhatItWrites) {
  for (const auto at : {november, wall_time{}, wall_time{-1ms}, wall_time{951782400000ms}})
    EXPECT_EQ(parse_time(time_text(at)), at);
}

TEST(TimeText, ReadsAnyNumberOfFractionDigits) {
  EXPECT_EQ(parse_time("2026-11-22T17:45:02Z"), november - 113ms);
  EXPECT_EQ(parse_time("2026-11-22T17:45:02.1Z"), november - 13ms);
  EXPECT_EQ(parse_time("2026-11-22T17:45:02.113999999Z"), november);
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const auto* text :
       {"", "Z", "2026-11-22", "2026-11-22T17:45:02", "2026-11-22T17:45:02+01:00", "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T17:60:00Z", "2026-11-22T17:45:02.Z",
        "2026-11-22T17:45:02.1234567890Z", "2026-11-22T17:45:02.113Z ", "-026-11-22T17:45:02Z", "2026-11-22 17:45:02Z"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

} // namespace
} // namespace alder::wire
