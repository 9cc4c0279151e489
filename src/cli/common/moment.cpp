#include "cli/common/moment.hpp"

#include "runtime/base/units.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

std::tm local_day(wall_time now) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  std::tm day{};
  (void)::localtime_r(&seconds, &day); // years beyond 32 bits alone fail
  return day;
}

/// What sscanf read of a pattern; nothing when there is more in the text.
template <class... Numbers> int scan(const std::string& text, const char* pattern, Numbers*... into) {
  int end = 0;
  const int found = std::sscanf(text.c_str(), pattern, into..., &end); // NOLINT(cert-err34-c): ranges are checked below
  return end == static_cast<int>(text.size()) ? found : 0;
}

std::optional<std::tm> read_parts(const std::string& text, wall_time now) {
  std::tm at{};
  if (scan(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &at.tm_year, &at.tm_mon, &at.tm_mday, &at.tm_hour, &at.tm_min,
           &at.tm_sec) != 6) {
    at.tm_sec = 0;
    if (scan(text, "%4d-%2d-%2d%*1[T ]%2d:%2d%n", &at.tm_year, &at.tm_mon, &at.tm_mday, &at.tm_hour, &at.tm_min) != 5) {
      at.tm_hour = at.tm_min = 0;
      if (scan(text, "%4d-%2d-%2d%n", &at.tm_year, &at.tm_mon, &at.tm_mday) != 3) {
        at = local_day(now);
        at.tm_sec = 0;
        if (scan(text, "%2d:%2d:%2d%n", &at.tm_hour, &at.tm_min, &at.tm_sec) != 3 &&
            scan(text, "%2d:%2d%n", &at.tm_hour, &at.tm_min) != 2)
          return std::nullopt;
        at.tm_year += 1900;
        at.tm_mon += 1;
      }
    }
  }
  const bool is_valid = at.tm_year >= 1970 && at.tm_mon >= 1 && at.tm_mon <= 12 && at.tm_mday >= 1 &&
                        at.tm_mday <= 31 && at.tm_hour >= 0 && at.tm_hour < 24 && at.tm_min >= 0 && at.tm_min < 60 &&
                        at.tm_sec >= 0 && at.tm_sec <= 60;
  if (!is_valid) return std::nullopt;
  at.tm_year -= 1900;
  at.tm_mon -= 1;
  at.tm_isdst = -1;
  return at;
}

} // namespace

result<wall_time> read_moment(const std::string& text, wall_time now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  auto rest = text;
  const bool is_utc = !rest.empty() && rest.back() == 'Z';
  if (is_utc) rest.pop_back();
  milliseconds fraction{0};
  if (const auto dot = rest.find('.'); dot != std::string::npos) {
    const auto digits = (rest.substr(dot + 1) + "000").substr(0, 3);
    if (digits.find_first_not_of("0123456789") == std::string::npos) fraction = milliseconds{std::stoi(digits)};
    rest.resize(dot);
  }
  auto parts = read_parts(rest, now);
  const auto seconds = !parts ? std::time_t{-1} : is_utc ? ::timegm(&*parts) : std::mktime(&*parts);
  if (seconds >= 0) return wall_time{std::chrono::seconds{seconds}} + fraction;
  return error{error_kind::invalid_input,
               "cannot read '" + text + "' as a time; examples: 10m (ago), 14:30, 2026-11-28, 2026-11-28T14:30:05Z", 0};
}

} // namespace alder::cli
