#include "runtime/base/units.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// The duration, or -1 ms when it is refused.
milliseconds read_duration(std::string_view text) {
  const auto read = parse_duration(text);
  return read ? *read : -1ms;
}

std::string complaint(std::string_view text) {
  const auto read = parse_duration(text);
  return read ? "none" : read.failure().message;
}

TEST(ParseDuration, ReadsNumbersWithUnits) {
  EXPECT_EQ(read_duration("250ms"), 250ms);
  EXPECT_EQ(read_duration("10s"), 10s);
  EXPECT_EQ(read_duration("1.5s"), 1500ms);
  EXPECT_EQ(read_duration("2m"), 2min);
  EXPECT_EQ(read_duration("1h30m"), 90min);
  EXPECT_EQ(read_duration("3d"), 72h);
  EXPECT_EQ(read_duration("1d2h3m4s5ms"), 26h + 3min + 4s + 5ms);
}

TEST(ParseDuration, ZeroNeedsNoUnit) {
  EXPECT_EQ(read_duration("0"), 0ms);
  EXPECT_EQ(read_duration("0s"), 0ms);
}

TEST(ParseDuration, SaysWhatIsWrong) {
  EXPECT_EQ(complaint("5"), "'5' has no unit: write '5s' or '5ms'");
  EXPECT_EQ(complaint("5 parsecs"),
            "' parsecs' is not a unit of time here; units are ms, s, m, h and d, largest first");
  EXPECT_EQ(complaint("soon"), "'soon' is not a duration");
  EXPECT_EQ(complaint(""), "an empty duration");
  EXPECT_EQ(complaint("4000d"), "'4000d' is more than ten years");
  EXPECT_EQ(parse_duration("5").failure().kind, error_kind::invalid_input);
}

TEST(ParseDuration, RefusesWhatIsNoNumberOrOutOfOrder) {
  for (const char* text :
       {"-5s", "+5s", ".", "1.2.3s", "s", "5m1h", "5s5s", " 5s", "5s ", "1e3s", "inf", "nan", "0x1s"})
    EXPECT_EQ(read_duration(text), -1ms) << text;
  EXPECT_EQ(read_duration(std::string(400, '9') + "s"), -1ms) << "more digits than any number has";
}

TEST(ParseDuration, TenYearsAreTheMost) {
  EXPECT_EQ(read_duration("3650d"), 24h * 3650);
  EXPECT_EQ(read_duration("3650d1ms"), -1ms);
}

TEST(FormatDuration, IsTheShortestFormThatReadsBack) {
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(60500ms), "1m500ms");
  EXPECT_EQ(format_duration(48h), "2d");
}

TEST(FormatDuration, ReadsBackExactly) {
  for (const milliseconds::rep ms : {1, 999, 1000, 1001, 59'999, 60'000, 60'001, 61'001, 3'599'999, 3'600'000,
                                     86'399'999, 86'400'000, 90'061'001, 1'234'567'891}) {
    const milliseconds exact{ms};
    EXPECT_EQ(read_duration(format_duration(exact)), exact) << format_duration(exact);
  }
}

TEST(ParseSize, ReadsBytesWithUnitsOf1024) {
  EXPECT_EQ(*parse_size("512"), 512U);
  EXPECT_EQ(*parse_size("512B"), 512U);
  EXPECT_EQ(*parse_size("300K"), 300U * 1024);
  EXPECT_EQ(*parse_size("300KB"), 300U * 1024);
  EXPECT_EQ(*parse_size("300KiB"), 300U * 1024);
  EXPECT_EQ(*parse_size("300k"), 300U * 1024);
  EXPECT_EQ(*parse_size("1.5G"), 1536ULL * 1024 * 1024);
  EXPECT_EQ(*parse_size("2T"), 2ULL << 40U);
  EXPECT_EQ(*parse_size("0"), 0U);
}

TEST(ParseSize, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "-1", "1P", "1Kx", "K", "1 K", "1.2.3", "9000000T", "1KK"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
  EXPECT_EQ(parse_size("1P").failure().message, "'P' is not a unit of size; units are K, M, G and T");
}

TEST(FormatAge, HasTwoUnitsAtMost) {
  EXPECT_EQ(format_age(400ms), "0.4s");
  EXPECT_EQ(format_age(12900ms), "12s");
  EXPECT_EQ(format_age(192s), "3m12s");
  EXPECT_EQ(format_age(180s), "3m");
  EXPECT_EQ(format_age(2h + 11min + 59s), "2h11m");
  EXPECT_EQ(format_age(76h), "3d4h");
}

TEST(FormatAge, NeverShowsMoreTimeThanHasPassed) {
  EXPECT_EQ(format_age(9999ms), "9.9s");
  EXPECT_EQ(format_age(59'999ms), "59s");
}

TEST(FormatSize, ShowsTwoOrThreeDigits) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(512), "512");
  EXPECT_EQ(format_size(1229), "1.2K");
  EXPECT_EQ(format_size(141ULL << 20U), "141M");
  EXPECT_EQ(format_size(5000ULL << 40U), "5000T");
}

TEST(FormatSize, RoundsIntoTheNextUnit) {
  EXPECT_EQ(format_size((1U << 20U) - 1), "1.0M");
  EXPECT_EQ(format_size(1023), "1023");
  EXPECT_EQ(format_size((10U << 10U) - 1), "10K");
}

} // namespace
} // namespace alder
