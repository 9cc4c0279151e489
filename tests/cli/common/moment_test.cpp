#include "cli/common/moment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace alder::cli {
namespace {

using namespace std::chrono_literals;

class Moment : public ::testing::Test {
protected:
  void SetUp() override {
    ::setenv("TZ", "UTC-2", 1); // two hours east of Greenwich
    ::tzset();
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static std::chrono::milliseconds at(const std::string& text) {
    const auto read = read_moment(text, now);
    EXPECT_TRUE(read) << text;
    return read ? *read - midnight : -1ms;
  }
  static constexpr wall_time midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28}}; // UTC
  static constexpr wall_time now = midnight + 12h;
};

TEST_F(Moment, ADurationIsThatLongAgo) {
  EXPECT_EQ(at("10m"), 12h - 10min);
  EXPECT_EQ(at("1h30m"), 10h + 30min);
}

TEST_F(Moment, ATimeIsToday) {
  EXPECT_EQ(at("14:30"), 12h + 30min);
  EXPECT_EQ(at("14:30:05"), 12h + 30min + 5s);
}

TEST_F(Moment, ADateIsLocalUnlessItSaysZ) {
  EXPECT_EQ(at("2026-11-28"), -2h);
  EXPECT_EQ(at("2026-11-28 03:00"), 1h);
  EXPECT_EQ(at("2026-11-28T03:00:07.25"), 1h + 7s + 250ms);
  EXPECT_EQ(at("2026-11-28T03:00:07Z"), 3h + 7s);
}

TEST_F(Moment, OtherTextIsNone) {
  for (const auto* wrong : {"", "yesterday", "25:00", "12:61", "2026-13-01", "2026-11-28T", "2026-11-28 12:00 more"})
    EXPECT_FALSE(read_moment(wrong, now)) << wrong;
}

} // namespace
} // namespace alder::cli
