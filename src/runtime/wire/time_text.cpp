#include "runtime/wire/time_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace alder::wire {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr wall_time earliest = sys_days{year{0} / 1 / 1};
constexpr wall_time latest = wall_time{sys_days{year{10000} / 1 / 1}} - milliseconds{1};

/// Takes exactly `digits` digits off the front; negative when they are not there.
int take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// ".113" as 113 ms; 0 when there is no point. Negative: no digits after it, or more than nine.
int take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  const auto length = std::min(text.find_first_not_of("0123456789"), text.size());
  if (length == 0 || length > 9) return -1;
  std::string digits{text.substr(0, std::min<std::size_t>(length, 3))};
  digits.resize(3, '0');
  text.remove_prefix(length);
  std::string_view rest{digits};
  return take_digits(rest, 3);
}

} // namespace

std::string time_text(wall_time at) {
  at = std::clamp(at, earliest, latest);
  const auto day = std::chrono::floor<days>(at);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  std::array<char, 40> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<wall_time> parse_time(std::string_view text) {
  const int y = take_digits(text, 4);
  const bool dash = take(text, '-');
  const int m = take_digits(text, 2);
  const bool second_dash = take(text, '-');
  const int d = take_digits(text, 2);
  if (y < 0 || !dash || m < 0 || !second_dash || d < 0 || !take(text, 'T')) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, std::chrono::day{static_cast<unsigned>(d)}};
  const int hour = take_digits(text, 2);
  const bool colon = take(text, ':');
  const int minute = take_digits(text, 2);
  const bool second_colon = take(text, ':');
  const int second = take_digits(text, 2);
  const int fraction = take_fraction(text);
  if (hour < 0 || !colon || minute < 0 || !second_colon || second < 0 || fraction < 0) return std::nullopt;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59 || text != "Z") return std::nullopt;
  return wall_time{sys_days{date}} + hours{hour} + minutes{minute} + seconds{second} + milliseconds{fraction};
}

} // namespace alder::wire
