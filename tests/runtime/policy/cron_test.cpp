// Cron expressions across changes of the clocks, at literal times.
#include "runtime/policy/cron.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace alder::policy {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;
using namespace std::chrono_literals;

/// Europe/Berlin: an hour more from the last Sunday of March, 02:00, to the last of October, 03:00.
time_zone berlin() {
  time_zone zone;
  zone.name = "Europe/Berlin";
  zone.first = 3600;
  zone.yearly = {{{3, 5, 0, 2 * 3600, 7200}, {10, 5, 0, 3 * 3600, 3600}}};
  return zone;
}

/// Lord Howe: half an hour more from the first Sunday of October, 02:00, to the first of April, 02:00.
time_zone lord_howe() {
  time_zone zone;
  zone.first = 37800;
  zone.yearly = {{{10, 1, 0, 2 * 3600, 39600}, {4, 1, 0, 2 * 3600, 37800}}};
  return zone;
}

sys_seconds at(int y, unsigned m, unsigned d, int h, int min, int s = 0) {
  return sys_seconds{sys_days{year{y} / m / d}} + hours{h} + minutes{min} + seconds{s};
}

template <std::size_t Size> void set_all(std::bitset<Size>& bits, std::vector<std::size_t> which) {
  if (which.empty()) bits.set();
  for (const auto one : which)
    bits.set(one);
}

/// Every day at these hours and minutes; none: all.
cron_expression daily(std::vector<std::size_t> of_hours, std::vector<std::size_t> of_minutes) {
  cron_expression when;
  when.seconds.set(0);
  when.is_fixed = of_hours.size() == 1 && of_minutes.size() == 1;
  set_all(when.minutes, std::move(of_minutes));
  set_all(when.hours, std::move(of_hours));
  when.days.set();
  when.months.set();
  when.weekdays.set();
  when.any_day = when.any_weekday = true;
  return when;
}

/// "03-29 01:00" for each of the next times, in UTC.
std::vector<std::string> next(const cron_expression& when, const time_zone& zone, sys_seconds from, int count) {
  std::vector<std::string> times;
  for (; count > 0; --count) {
    const auto found = next_time(when, zone, from);
    if (!found) {
      times.emplace_back("never");
      break;
    }
    from = *found;
    const auto day = floor<days>(from);
    const year_month_day date{day};
    const hh_mm_ss time{from - day};
    std::array<char, 32> text{};
    (void)snprintf(text.data(), text.size(), "%02u-%02u %02d:%02d", static_cast<unsigned>(date.month()),
                   static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                   static_cast<int>(time.minutes().count()));
    times.emplace_back(text.data());
  }
  return times;
}

using words = std::vector<std::string>;

TEST(Cron, AFixedTimeInTheGapComesRightAfterIt) {
  EXPECT_EQ(next(daily({2}, {30}), berlin(), at(2026, 3, 28, 12, 0), 3),
            (words{"03-29 01:00", "03-30 00:30", "03-31 00:30"}));
}

TEST(Cron, WhatFollowsTheClockSkipsTheGap) {
  EXPECT_EQ(next(daily({2}, {0, 20, 40}), berlin(), at(2026, 3, 28, 12, 0), 2), (words{"03-30 00:00", "03-30 00:20"}));
  EXPECT_EQ(next(daily({}, {0}), berlin(), at(2026, 3, 28, 23, 40), 3),
            (words{"03-29 00:00", "03-29 01:00", "03-29 02:00"}));
}

TEST(Cron, AFixedTimeComesOnceWhenAnHourIsThereTwice) {
  EXPECT_EQ(next(daily({2}, {30}), berlin(), at(2026, 10, 24, 12, 0), 2), (words{"10-25 00:30", "10-26 01:30"}));
  EXPECT_EQ(next(daily({2}, {30}), berlin(), at(2026, 10, 25, 1, 10), 1), (words{"10-26 01:30"}))
      << "in the second hour";
  EXPECT_EQ(next(daily({3}, {0}), berlin(), at(2026, 10, 25, 1, 10), 1), (words{"10-25 02:00"}))
      << "its end is no part of it";
}

TEST(Cron, WhatFollowsTheClockComesInBothHours) {
  EXPECT_EQ(next(daily({2}, {0, 30}), berlin(), at(2026, 10, 24, 12, 0), 5),
            (words{"10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-26 01:00"}));
}

TEST(Cron, ClocksThatChangeByHalfAnHour) {
  EXPECT_EQ(next(daily({2}, {10}), lord_howe(), at(2026, 10, 3, 12, 0), 2), (words{"10-03 15:30", "10-04 15:10"}));
  EXPECT_EQ(next(daily({1}, {45}), lord_howe(), at(2026, 4, 4, 14, 0), 2), (words{"04-04 14:45", "04-05 15:15"}));
}

TEST(Cron, ChangesOfTheTableComeBeforeTheYearlyRules) {
  time_zone zone;
  zone.first = 3600;
  zone.changes = {{at(2026, 1, 10, 12, 0).time_since_epoch().count(), 7200}}; // from then on for ever
  EXPECT_EQ(next(daily({6}, {0}), zone, at(2026, 1, 10, 0, 0), 2), (words{"01-10 05:00", "01-11 04:00"}));
  EXPECT_EQ(offset_at(zone, at(2026, 1, 10, 11, 59, 59)), 1h);
  EXPECT_EQ(offset_at(zone, at(2026, 1, 10, 12, 0)), 2h);
  EXPECT_FALSE(change_after(zone, at(2026, 1, 10, 12, 0)));
}

TEST(Cron, TheLastDayOfAMonth) {
  auto when = daily({0}, {0});
  when.days.reset();
  when.last_day = true;
  when.any_day = false;
  EXPECT_EQ(next(when, {}, at(2028, 1, 31, 0, 0), 3), (words{"02-29 00:00", "03-31 00:00", "04-30 00:00"}));
}

TEST(Cron, ADayOrAWeekdayWhenBothAreGiven) {
  auto when = daily({0}, {0});
  when.days.reset();
  when.days.set(13);
  when.any_day = when.any_weekday = false;
  when.weekdays.reset();
  when.weekdays.set(5);
  EXPECT_EQ(next(when, {}, at(2026, 1, 1, 0, 0), 3), (words{"01-02 00:00", "01-09 00:00", "01-13 00:00"}));
}

TEST(Cron, The29thOfFebruaryIsFoundOverEightYears) {
  auto when = daily({12}, {0});
  when.days.reset();
  when.days.set(29);
  when.months.reset();
  when.months.set(2);
  when.any_day = false;
  EXPECT_EQ(next_time(when, {}, at(2096, 3, 1, 0, 0)), at(2104, 2, 29, 12, 0));
  when.days.reset();
  when.days.set(30);
  EXPECT_FALSE(next_time(when, {}, at(2096, 3, 1, 0, 0)));
}

TEST(Cron, SecondsCount) {
  auto when = daily({}, {});
  when.seconds.reset();
  when.seconds.set(10);
  EXPECT_EQ(next_time(when, {}, at(2026, 1, 1, 0, 0, 10)), at(2026, 1, 1, 0, 1, 10));
  EXPECT_EQ(next_time(when, {}, at(2026, 1, 1, 0, 0, 9)), at(2026, 1, 1, 0, 0, 10));
}

TEST(Cron, TheAgeLimitIsSpreadByItsJitter) {
  schedule_spec schedule;
  schedule.max_age = 100s;
  EXPECT_EQ(age_limit(schedule, 0.9), 100s);
  schedule.jitter = 0.1;
  EXPECT_EQ(age_limit(schedule, 0.0), 90s);
  EXPECT_EQ(age_limit(schedule, 0.5), 100s);
  EXPECT_EQ(age_limit(schedule, 1.0), 110s);
}

} // namespace
} // namespace alder::policy
