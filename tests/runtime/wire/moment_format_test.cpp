#include "runtime/wire/moment_format.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_time<std::chrono::milliseconds> saturday{
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 7} + 14h + 5min + 9s + 42ms};

std::string shown(std::string_view format, std::chrono::seconds offset = 0s) {
  return moment_text(format, saturday, offset);
}

TEST(MomentFormat, KnowsTheTokens) {
  EXPECT_EQ(shown("YYYY YY M MM MMM MMMM"), "2026 26 3 03 Mar March");
  EXPECT_EQ(shown("D DD d dd ddd dddd"), "7 07 6 Sa Sat Saturday");
  EXPECT_EQ(shown("H HH h hh m mm s ss SSS A a"), "14 14 2 02 5 05 9 09 042 PM pm");
  EXPECT_EQ(shown("X x"), "1772892309 1772892309042");
}

TEST(MomentFormat, ShowsTheZoneItIsIn) {
  EXPECT_EQ(shown("HH:mm Z ZZ"), "14:05 +00:00 +0000");
  EXPECT_EQ(shown("YYYY-MM-DD HH:mm Z", 5h + 30min), "2026-03-07 19:35 +05:30");
  EXPECT_EQ(shown("YYYY-MM-DD HH:mm ZZ", -15h), "2026-03-06 23:05 -1500");
}

TEST(MomentFormat, WhatIsNoTokenStays) {
  EXPECT_EQ(shown("[DD is] DD, [open"), "DD is 07, [open");
  EXPECT_EQ(shown("T_/"), "T_/");
  EXPECT_EQ(shown(""), "");
}

TEST(MomentFormat, IsoIsShort) {
  EXPECT_EQ(shown(iso_format), "2026-03-07T14:05:09.042Z");
  EXPECT_EQ(shown(iso_format, 1h), "2026-03-07T15:05:09.042+01:00");
}

TEST(MomentFormat, MidnightAndNoonAreTwelve) {
  const std::chrono::sys_days day{std::chrono::year{2026} / 1 / 1};
  EXPECT_EQ(moment_text("h A", day + 0ms, 0s), "12 AM");
  EXPECT_EQ(moment_text("h A", day + 12h + 0ms, 0s), "12 PM");
}

} // namespace
} // namespace alder::wire
