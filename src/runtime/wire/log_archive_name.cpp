#include "runtime/wire/log_archive_name.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace alder::wire {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::size_t stamp_length = 23;
constexpr std::string_view stamp_shape = "ddddddddTdddddd.ddddddZ";

bool has_shape(std::string_view text) {
  if (text.size() != stamp_length) return false;
  for (std::size_t i = 0; i < stamp_length; ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (stamp_shape[i] == 'd' ? !is_digit : text[i] != stamp_shape[i]) return false;
  }
  return true;
}

unsigned number_at(std::string_view text, std::size_t begin, std::size_t length) {
  unsigned value = 0;
  (void)std::from_chars(text.data() + begin, text.data() + begin + length, value); // digits alone: cannot fail
  return value;
}

bool take_end(std::string_view& text, std::string_view end) {
  if (text.size() < end.size() || text.substr(text.size() - end.size()) != end) return false;
  text.remove_suffix(end.size());
  return true;
}

} // namespace

std::string archive_stamp(archive_time at) {
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss time{at - midnight};
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d%02d%02d.%06dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<archive_time> parse_archive_stamp(std::string_view stamp) {
  if (!has_shape(stamp)) return std::nullopt;
  const year_month_day date{year{static_cast<int>(number_at(stamp, 0, 4))}, month{number_at(stamp, 4, 2)},
                            day{number_at(stamp, 6, 2)}};
  const auto hour = number_at(stamp, 9, 2);
  const auto minute = number_at(stamp, 11, 2);
  const auto second = number_at(stamp, 13, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + microseconds{number_at(stamp, 16, 6)};
}

std::string_view ending_of(log_compression how) {
  switch (how) {
  case log_compression::none: break;
  case log_compression::gzip: return ".gz";
  case log_compression::zstd: return ".zst";
  }
  return "";
}

std::optional<archive_name> parse_archive_name(std::string_view name) {
  archive_name parsed;
  parsed.is_unfinished = take_end(name, ".tmp");
  for (const auto how : {log_compression::gzip, log_compression::zstd}) {
    if (!take_end(name, ending_of(how))) continue;
    parsed.compression = how;
    break;
  }
  parsed.is_index = take_end(name, ".idx");
  if (name.size() < stamp_length + 2 || name[name.size() - stamp_length - 1] != '.') return std::nullopt;
  const auto stamp = name.substr(name.size() - stamp_length);
  if (!parse_archive_stamp(stamp)) return std::nullopt;
  parsed.stamp = stamp;
  parsed.live = name.substr(0, name.size() - stamp_length - 1);
  return parsed;
}

std::string text_of(const archive_name& name) {
  return name.live + "." + name.stamp + (name.is_index ? ".idx" : "") + std::string{ending_of(name.compression)} +
         (name.is_unfinished ? ".tmp" : "");
}

} // namespace alder::wire
