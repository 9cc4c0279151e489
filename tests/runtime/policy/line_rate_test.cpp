#include "runtime/policy/line_rate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;

log_spec three_a_second(log_pressure pressure = log_pressure::drop_newest) {
  log_spec rules;
  rules.max_rate = 3;
  rules.pressure = pressure;
  return rules;
}

line_rate::time_point at(std::chrono::milliseconds since) { return line_rate::time_point{1h} + since; }

TEST(LineRate, LetsThroughWhatIsAllowedAndLosesTheRest) {
  line_rate rate;
  const std::string five{"1\n2\n3\n4\n5\n"};
  EXPECT_EQ(rate.next(five, three_a_second(), false, at(0s)), (rate_step{.write = 6}));
  EXPECT_EQ(rate.next(five.substr(6), three_a_second(), false, at(0s)), (rate_step{.drop = 4, .tell = true}));
}

TEST(LineRate, AllowsTheNextLineWhenItsTimeHasCome) {
  line_rate rate;
  EXPECT_EQ(rate.next("1\n2\n3\n", three_a_second(), false, at(0s)).write, 6U);
  EXPECT_EQ(rate.next("4\n", three_a_second(), false, at(300ms)).write, 0U);
  EXPECT_EQ(rate.next("4\n5\n", three_a_second(), false, at(334ms)).write, 2U);
}

TEST(LineRate, ASilenceSavesUpNoMoreThanASecond) {
  line_rate rate;
  EXPECT_EQ(rate.next("1\n", three_a_second(), false, at(0s)).write, 2U);
  EXPECT_EQ(rate.next("1\n2\n3\n4\n", three_a_second(), false, at(1h)).write, 6U);
}

TEST(LineRate, EndsALineThatHasBegun) {
  line_rate rate;
  EXPECT_EQ(rate.next("1\n2\n3\n", three_a_second(), false, at(0s)).write, 6U);
  EXPECT_EQ(rate.next("end\n4\n", three_a_second(), true, at(0s)), (rate_step{.write = 4}));
  EXPECT_EQ(rate.next("and no end", three_a_second(), true, at(0s)), (rate_step{.write = 10}));
  EXPECT_EQ(rate.next("4\n", three_a_second(), false, at(334ms)).write, 2U) << "an end does not count";
}

TEST(LineRate, TellsOfLostLinesOnceAMinute) {
  line_rate rate;
  const auto lost = [&](std::chrono::milliseconds when) {
    const auto all = rate.next("1\n2\n3\n", three_a_second(), false, at(when));
    return rate.next("4\n", three_a_second(), false, at(when)).tell || all.tell;
  };
  EXPECT_TRUE(lost(0s));
  EXPECT_FALSE(lost(1s));
  EXPECT_FALSE(lost(60s));
  EXPECT_TRUE(lost(60'001ms));
}

TEST(LineRate, MayLetThemWaitInstead) {
  line_rate rate;
  const auto rules = three_a_second(log_pressure::block);
  EXPECT_EQ(rate.next("1\n2\n3\n", rules, false, at(0s)).write, 6U);
  EXPECT_EQ(rate.next("4\n", rules, false, at(0s)), (rate_step{.wait = 333'333'333ns})) << "for one line";
  auto fast = rules;
  fast.max_rate = 1000;
  line_rate other;
  EXPECT_EQ(other.next(std::string(2000, '\n'), fast, false, at(0s)).write, 1000U);
  EXPECT_EQ(other.next("\n", fast, false, at(0s)), (rate_step{.wait = 100ms})) << "for a tenth of a second's lines";
}

} // namespace
} // namespace alder::policy
