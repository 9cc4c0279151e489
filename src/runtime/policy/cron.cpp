#include "runtime/policy/cron.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace alder::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr days horizon{12 * 366}; // over the longest pause of 29 February, from 2096 to 2104

/// A moment on the clocks of a zone: seconds since 1970 as if they never changed.
using local_seconds = std::chrono::local_seconds;

local_seconds local_of(sys_seconds at, seconds offset) { return local_seconds{at.time_since_epoch() + offset}; }
sys_seconds utc_of(local_seconds at, seconds offset) { return sys_seconds{at.time_since_epoch() - offset}; }

bool is_day(const cron_expression& when, std::chrono::local_days day) {
  const year_month_day date{day};
  if (!when.months.test(static_cast<unsigned>(date.month()))) return false;
  const year_month_day last{date.year() / date.month() / std::chrono::last};
  const bool by_day = when.days.test(static_cast<unsigned>(date.day())) || (when.last_day && date.day() == last.day());
  const bool by_weekday = when.weekdays.test(std::chrono::weekday{day}.c_encoding());
  if (when.any_day || when.any_weekday) return by_day && by_weekday;
  return by_day || by_weekday;
}

/// The lowest number of a field that is not below `from`; the field's size: there is none.
template <std::size_t Size> std::size_t next_in(const std::bitset<Size>& field, std::size_t from) {
  while (from < Size && !field.test(from))
    ++from;
  return from;
}

/// The first time of a day not before `from`, in seconds after midnight.
std::optional<seconds> time_of_day(const cron_expression& when, seconds from) {
  const auto first_hour = static_cast<std::size_t>(from / hours{1});
  for (auto hour = next_in(when.hours, first_hour); hour < 24; hour = next_in(when.hours, hour + 1)) {
    const auto first_minute = hour == first_hour ? static_cast<std::size_t>(from % hours{1} / minutes{1}) : 0;
    for (auto minute = next_in(when.minutes, first_minute); minute < 60; minute = next_in(when.minutes, minute + 1)) {
      const bool is_first = hour == first_hour && minute == first_minute;
      const auto second =
          next_in(when.seconds, is_first ? static_cast<std::size_t>(from % minutes{1} / seconds{1}) : 0);
      if (second < 60)
        return hours{static_cast<long>(hour)} + minutes{static_cast<long>(minute)} + seconds{static_cast<long>(second)};
    }
  }
  return std::nullopt;
}

/// The first time from `from` on and before `end` on clocks that do not change.
std::optional<local_seconds> next_local(const cron_expression& when, local_seconds from, local_seconds end) {
  auto day = std::chrono::floor<days>(from);
  auto since_midnight = from - day;
  for (; day < end; day += days{1}, since_midnight = seconds{0}) {
    if (!is_day(when, day)) continue;
    const auto time = time_of_day(when, since_midnight);
    if (!time) continue;
    const local_seconds found = day + *time;
    return found < end ? std::optional{found} : std::nullopt;
  }
  return std::nullopt;
}

/// The moment of a yearly change, its local time being that of `before`.
sys_seconds moment_of(const time_zone::yearly_rule& rule, std::chrono::year year, seconds before) {
  const std::chrono::month month{rule.month};
  const std::chrono::weekday weekday{rule.weekday};
  const auto day = rule.week == 5 ? sys_days{year / month / weekday[std::chrono::last]}
                                  : sys_days{year / month / weekday[rule.week]};
  return sys_seconds{day} + seconds{rule.time} - before;
}

std::optional<time_zone::change> yearly_change_after(const time_zone& zone, sys_seconds at) {
  if (!zone.yearly) return std::nullopt;
  const auto& rules = *zone.yearly;
  std::optional<time_zone::change> first;
  const auto year = year_month_day{std::chrono::floor<days>(at)}.year();
  for (auto y = year - std::chrono::years{1}; y <= year + std::chrono::years{1}; ++y) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto moment = moment_of(rules[i], y, seconds{rules[1 - i].offset});
      if (moment <= at || (first && moment.time_since_epoch().count() >= first->at)) continue;
      first = time_zone::change{moment.time_since_epoch().count(), rules[i].offset};
    }
  }
  return first;
}

/// The offset that the yearly rules give: that of the change which came last.
seconds yearly_offset(const std::array<time_zone::yearly_rule, 2>& rules, sys_seconds at) {
  const auto year = year_month_day{std::chrono::floor<days>(at)}.year();
  sys_seconds latest{sys_days{(year - std::chrono::years{2}) / 1 / 1}};
  seconds offset{rules[1].offset};
  for (auto y = year - std::chrono::years{1}; y <= year + std::chrono::years{1}; ++y) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto moment = moment_of(rules[i], y, seconds{rules[1 - i].offset});
      if (moment > at || moment < latest) continue;
      latest = moment;
      offset = seconds{rules[i].offset};
    }
  }
  return offset;
}

/// A fixed time that falls into the gap made by the change at `at` comes true right after it, on the same day.
bool falls_into_gap(const cron_expression& when, sys_seconds at, seconds before, seconds after) {
  if (!when.is_fixed || after <= before) return false;
  const auto missed = next_local(when, local_of(at, before), local_of(at, after));
  return missed && std::chrono::floor<days>(*missed) == std::chrono::floor<days>(local_of(at, after));
}

/// Up to which local time the clocks had been before they were last set back; they show it again after that.
local_seconds clocks_seen_before(const time_zone& zone, sys_seconds at) {
  constexpr hours longest_repeat{25};
  local_seconds seen = local_seconds::min();
  for (auto change = change_after(zone, at - longest_repeat); change && change->at <= at.time_since_epoch().count();
       change = change_after(zone, sys_seconds{seconds{change->at}})) {
    const sys_seconds moment{seconds{change->at}};
    const auto before = offset_at(zone, moment - seconds{1});
    if (change->offset < before.count()) seen = local_of(moment, before);
  }
  return seen;
}

} // namespace

std::optional<time_zone::change> change_after(const time_zone& zone, sys_seconds at) {
  const auto next = std::upper_bound(zone.changes.begin(), zone.changes.end(), at.time_since_epoch().count(),
                                     [](std::int64_t moment, const auto& change) { return moment < change.at; });
  if (next != zone.changes.end()) return *next;
  const auto last = zone.changes.empty() ? at : std::max(at, sys_seconds{seconds{zone.changes.back().at}});
  return yearly_change_after(zone, last);
}

seconds offset_at(const time_zone& zone, sys_seconds at) {
  const auto next = std::upper_bound(zone.changes.begin(), zone.changes.end(), at.time_since_epoch().count(),
                                     [](std::int64_t moment, const auto& change) { return moment < change.at; });
  if (next == zone.changes.end() && zone.yearly) return yearly_offset(*zone.yearly, at);
  return seconds{next == zone.changes.begin() ? zone.first : std::prev(next)->offset};
}

/// From change to change the clocks run evenly: each such stretch is searched on its own.
std::optional<sys_seconds> next_time(const cron_expression& when, const time_zone& zone, sys_seconds after) {
  const sys_seconds end = after + horizon;
  for (auto from = after + seconds{1}; from < end;) {
    const auto offset = offset_at(zone, from);
    const auto change = change_after(zone, from);
    const auto stretch_end = change ? std::min(sys_seconds{seconds{change->at}}, end) : end;
    auto start = local_of(from, offset);
    if (when.is_fixed) start = std::max(start, clocks_seen_before(zone, from));
    if (const auto found = next_local(when, start, local_of(stretch_end, offset))) return utc_of(*found, offset);
    if (stretch_end == end) return std::nullopt;
    if (falls_into_gap(when, stretch_end, offset, seconds{change->offset})) return stretch_end;
    from = stretch_end;
  }
  return std::nullopt;
}

std::chrono::milliseconds age_limit(const schedule_spec& schedule, double random) {
  const double factor = 1.0 + schedule.jitter * (2.0 * random - 1.0);
  return std::chrono::milliseconds{std::llround(static_cast<double>(schedule.max_age.count()) * factor)};
}

} // namespace alder::policy
