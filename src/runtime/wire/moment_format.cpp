#include "runtime/wire/moment_format.hpp"

#include <array>
#include <cstdint>

namespace alder::wire {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_time;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
// Longer ones first.
constexpr std::array<std::string_view, 25> tokens{"YYYY", "MMMM", "dddd", "MMM", "ddd", "SSS", "YY", "MM", "DD",
                                                  "dd",   "HH",   "hh",   "mm",  "ss",  "ZZ",  "M",  "D",  "d",
                                                  "H",    "h",    "m",    "s",   "Z",   "A",   "a"};

struct parts {
  int year;
  unsigned month, day, weekday, hour, minute, second, millis;
  std::int64_t offset; ///< minutes
  std::int64_t unix_ms;
};

std::string digits(std::uint64_t value, std::size_t width) {
  auto text = std::to_string(value);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

std::string offset_text(std::int64_t offset, std::string_view colon) {
  const auto size = static_cast<std::uint64_t>(offset < 0 ? -offset : offset);
  return (offset < 0 ? "-" : "+") + digits(size / 60, 2) + std::string{colon} + digits(size % 60, 2);
}

std::string text_of(std::string_view token, const parts& at) {
  const bool is_morning = at.hour < 12;
  const auto half = at.hour % 12 == 0 ? 12U : at.hour % 12;
  const auto year = static_cast<std::uint64_t>(at.year < 0 ? 0 : at.year);
  const auto width = token.size();
  switch (token.front()) {
  case 'Y': return width == 4 ? digits(year, 4) : digits(year % 100, 2);
  case 'M':
    return width < 3 ? digits(at.month, width) : std::string{months.at(at.month - 1).substr(0, width == 3 ? 3 : 9)};
  case 'D': return digits(at.day, width);
  case 'd':
    return width == 1 ? digits(at.weekday, 1) : std::string{weekdays.at(at.weekday).substr(0, width == 4 ? 9 : width)};
  case 'H': return digits(at.hour, width);
  case 'h': return digits(half, width);
  case 'm': return digits(at.minute, width);
  case 's': return digits(at.second, width);
  case 'S': return digits(at.millis, 3);
  case 'Z': return offset_text(at.offset, width == 1 ? ":" : "");
  case 'A': return is_morning ? "AM" : "PM";
  case 'a': return is_morning ? "am" : "pm";
  default: return std::string{token};
  }
}

} // namespace

std::string moment_text(std::string_view format, sys_time<milliseconds> at, seconds utc_offset) {
  const auto local = at + utc_offset;
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss time{local - day};
  const parts known{static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()),
                    static_cast<unsigned>(date.day()),
                    weekday{day}.c_encoding(),
                    static_cast<unsigned>(time.hours().count()),
                    static_cast<unsigned>(time.minutes().count()),
                    static_cast<unsigned>(time.seconds().count()),
                    static_cast<unsigned>(time.subseconds().count()),
                    utc_offset.count() / 60,
                    at.time_since_epoch().count()};
  std::string text;
  if (format == iso_format && utc_offset.count() == 0) return moment_text("YYYY-MM-DDTHH:mm:ss.SSS[Z]", at, utc_offset);
  while (!format.empty()) {
    if (format.front() == '[') {
      const auto end = format.find(']');
      if (end != std::string_view::npos) {
        text += format.substr(1, end - 1);
        format.remove_prefix(end + 1);
        continue;
      }
    }
    std::string_view found;
    for (const auto token : tokens)
      if (found.empty() && format.substr(0, token.size()) == token) found = token;
    if (format.front() == 'X' || format.front() == 'x') {
      text += std::to_string(format.front() == 'X' ? known.unix_ms / 1000 : known.unix_ms);
      format.remove_prefix(1);
    } else if (found.empty()) {
      text += format.front();
      format.remove_prefix(1);
    } else {
      text += text_of(found, known);
      format.remove_prefix(found.size());
    }
  }
  return text;
}

} // namespace alder::wire
