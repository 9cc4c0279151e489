#include "runtime/config/cron_text.hpp"

#include <gtest/gtest.h>

namespace alder::config {
namespace {

/// The numbers of a field, "0 15 30 45".
template <std::size_t Size> std::string numbers(const std::bitset<Size>& field) {
  std::string text;
  for (std::size_t n = 0; n < Size; ++n)
    if (field.test(n)) text += (text.empty() ? "" : " ") + std::to_string(n);
  return text;
}

std::string why_not(std::string_view text) {
  const auto when = parse_cron(text);
  return when ? "" : when.failure().message;
}

TEST(CronText, FiveFieldsBeginAtSecond0) {
  const auto when = parse_cron("*/15 2,4-5 1 jan-mar mon");
  ASSERT_TRUE(when);
  EXPECT_EQ(numbers(when->seconds), "0");
  EXPECT_EQ(numbers(when->minutes), "0 15 30 45");
  EXPECT_EQ(numbers(when->hours), "2 4 5");
  EXPECT_EQ(numbers(when->days), "1");
  EXPECT_EQ(numbers(when->months), "1 2 3");
  EXPECT_EQ(numbers(when->weekdays), "1");
  EXPECT_FALSE(when->any_day);
  EXPECT_FALSE(when->any_weekday);
  EXPECT_EQ(when->text, "*/15 2,4-5 1 jan-mar mon");
}

TEST(CronText, FieldsArePartedByAnyBlanks) {
  const auto when = parse_cron("\t30\t2 \t*\r\n*  sun\n");
  ASSERT_TRUE(when);
  EXPECT_EQ(numbers(when->minutes), "30");
  EXPECT_EQ(numbers(when->hours), "2");
  EXPECT_EQ(numbers(when->weekdays), "0");
  EXPECT_EQ(when->text, "30 2 * * sun");
  EXPECT_TRUE(parse_cron(" @daily\t"));
  EXPECT_EQ(why_not("\t"), "a cron expression has 5 or 6 fields; this one has 0");
  EXPECT_EQ(why_not("* * * * *" + std::string(1000, ' ')), "a cron expression has at most 1000 bytes");
}

TEST(CronText, SixFieldsHaveSecondsInFront) {
  const auto when = parse_cron("10-20/5 0 0 * * *");
  ASSERT_TRUE(when);
  EXPECT_EQ(numbers(when->seconds), "10 15 20");
  EXPECT_TRUE(when->any_day);
  EXPECT_TRUE(when->any_weekday);
}

TEST(CronText, SundayIs0And7AndHasAName) {
  for (const auto* text : {"0 0 * * 0", "0 0 * * 7", "0 0 * * SUN"})
    EXPECT_EQ(numbers(parse_cron(text)->weekdays), "0") << text;
  EXPECT_EQ(numbers(parse_cron("0 0 * * 5-7")->weekdays), "0 5 6");
}

TEST(CronText, AStarWithAStepRestricts) {
  EXPECT_FALSE(parse_cron("0 0 */2 * 1")->any_day);
  EXPECT_TRUE(parse_cron("0 0 ? * 1")->any_day);
}

TEST(CronText, ATimeIsFixedWhenItIsOneOfADay) {
  EXPECT_TRUE(parse_cron("30 2 * * *")->is_fixed);
  EXPECT_TRUE(parse_cron("0 30 2-2 * * mon")->is_fixed);
  for (const auto* text :
       {"*/30 2 * * *", "30 * * * *", "0,30 2 * * *", "30 2,3 * * *", "* 30 2 * * *", "30 2-2/1 * * *"})
    EXPECT_FALSE(parse_cron(text)->is_fixed) << text;
}

TEST(CronText, Nicknames) {
  EXPECT_EQ(numbers(parse_cron("@daily")->hours), "0");
  EXPECT_EQ(numbers(parse_cron("@Weekly")->weekdays), "0");
  EXPECT_EQ(parse_cron("@hourly")->hours.count(), 24u);
  EXPECT_EQ(why_not("@reboot"), "a cron expression has 5 or 6 fields; this one has 1");
}

TEST(CronText, TheLastDay) {
  const auto when = parse_cron("0 0 1,L * *");
  ASSERT_TRUE(when);
  EXPECT_TRUE(when->last_day);
  EXPECT_EQ(numbers(when->days), "1");
}

TEST(CronText, SaysWhichFieldIsWrongAndWhy) {
  EXPECT_EQ(why_not(""), "a cron expression has 5 or 6 fields; this one has 0");
  EXPECT_EQ(why_not("60 * * * *"), "the minute '60' is not from 0 to 59");
  EXPECT_EQ(why_not("0 24 * * *"), "the hour '24' is not from 0 to 23");
  EXPECT_EQ(why_not("0 0 0 * *"), "the day '0' is not from 1 to 31");
  EXPECT_EQ(why_not("0 0 * foo *"), "the month 'foo' is not from 1 to 12, or a name such as jan");
  EXPECT_EQ(why_not("0 0 * * 8"), "the weekday '8' is not from 0 to 7, or a name such as sun");
  EXPECT_EQ(why_not("5/15 * * * *"), "the minute '5/15' has a step without a range; write 'a-b/n' or '*/n'");
  EXPECT_EQ(why_not("*/0 * * * *"), "the minute '*/0' has a step that is not from 1 to 60");
  EXPECT_EQ(why_not("*/61 * * * *"), "the minute '*/61' has a step that is not from 1 to 60");
  EXPECT_EQ(why_not("0 22-3 * * *"), "the hour '22-3' has a range that ends before it starts");
  EXPECT_EQ(why_not("0 1-2-3 * * *"), "the hour '1-2-3' is not a number, range or list");
  EXPECT_EQ(why_not("0 1,,2 * * *"), "the hour '1,,2' is not from 0 to 23");
  EXPECT_EQ(why_not("0 -1 * * *"), "the hour '-1' is not from 0 to 23");
  EXPECT_EQ(why_not("0 L * * *"), "the hour 'L' is not from 0 to 23");
}

TEST(CronText, ADayThatNoMonthHasNeverComes) {
  EXPECT_EQ(why_not("0 0 30 2 *"), "none of the given months has such a day, so it would never run");
  EXPECT_EQ(why_not("0 0 31 4,6,9,11 *"), "none of the given months has such a day, so it would never run");
  EXPECT_EQ(why_not("0 0 29 2 *"), "");
  EXPECT_EQ(why_not("0 0 30 2 mon"), "") << "Mondays in February come";
}

} // namespace
} // namespace alder::config
