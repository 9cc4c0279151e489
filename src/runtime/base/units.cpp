#include "runtime/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace alder {
namespace {

using std::chrono::milliseconds;

struct unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<unit, 5> time_units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr double max_milliseconds = 10.0 * 365 * 86'400'000;

error invalid(std::string message) { return {error_kind::invalid_input, std::move(message)}; }

/// Splits "12.5rest" into 12.5 and "rest"; false when there is no number in front.
bool take_number(std::string_view& text, double& value) {
  std::size_t length = 0;
  while (length < text.size() && ((text[length] >= '0' && text[length] <= '9') || text[length] == '.'))
    ++length;
  const auto parsed = std::from_chars(text.data(), text.data() + length, value);
  if (length == 0 || parsed.ec != std::errc{} || parsed.ptr != text.data() + length) return false;
  text.remove_prefix(length);
  return true;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && !(text[length] >= '0' && text[length] <= '9'))
    ++length;
  const auto letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

std::string printf_double(const char* format, double value) {
  std::array<char, 64> buffer{};
  const int n = std::snprintf(buffer.data(), buffer.size(), format, value);
  return {buffer.data(), static_cast<std::size_t>(n)};
}

} // namespace

result<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds{0};
  const std::string whole{text};
  double total = 0;
  std::size_t next_unit = 0; // units go from large to small, each at most once
  if (text.empty()) return invalid("an empty duration");
  while (!text.empty()) {
    double value = 0;
    if (!take_number(text, value)) return invalid("'" + whole + "' is not a duration");
    const auto name = take_letters(text);
    if (name.empty()) return invalid("'" + whole + "' has no unit: write '" + whole + "s' or '" + whole + "ms'");
    while (next_unit < time_units.size() && time_units[next_unit].name != name)
      ++next_unit;
    if (next_unit == time_units.size())
      return invalid("'" + std::string{name} +
                     "' is not a unit of time here; units are ms, s, m, h and d, largest first");
    total += value * static_cast<double>(time_units[next_unit].factor);
    ++next_unit;
  }
  if (total > max_milliseconds) return invalid("'" + whole + "' is more than ten years");
  return milliseconds{std::llround(total)};
}

result<std::uint64_t> parse_size(std::string_view text) {
  const std::string whole{text};
  double value = 0;
  if (!take_number(text, value)) return invalid("'" + whole + "' is not a size");
  double factor = 1;
  if (!text.empty() && text != "B") {
    const auto power = std::string_view{"KMGT"}.find(static_cast<char>(text.front() & ~0x20));
    const auto rest = text.substr(1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB"))
      return invalid("'" + std::string{text} + "' is not a unit of size; units are K, M, G and T");
    factor = std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (value * factor >= 9.2e18) return invalid("'" + whole + "' is too large");
  return static_cast<std::uint64_t>(std::llround(value * factor));
}

std::string format_duration(milliseconds d) {
  auto left = d.count();
  if (left == 0) return "0s";
  std::string text;
  for (const auto& u : time_units) {
    if (u.factor == 1000 && left >= 1000 && left % 1000 != 0) { // seconds with a fraction read better than "1s500ms"
      return text + printf_double("%g", static_cast<double>(left) / 1000) + "s";
    }
    if (left >= u.factor) text += std::to_string(left / u.factor) + std::string{u.name};
    left %= u.factor;
  }
  return text;
}

std::string format_age(milliseconds d) {
  const auto seconds = d.count() / 1000;
  if (seconds < 10) return printf_double("%.1fs", static_cast<double>(d.count() / 100) / 10); // cut, like the others
  if (seconds < 60) return std::to_string(seconds) + "s";
  const auto two = [](std::int64_t a, const char* unit_a, std::int64_t b, const char* unit_b) {
    return std::to_string(a) + unit_a + (b > 0 ? std::to_string(b) + unit_b : std::string{});
  };
  if (seconds < 3600) return two(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
  return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> names{"", "K", "M", "G", "T"};
  auto value = static_cast<double>(bytes);
  std::size_t power = 0;
  while (value >= 1023.5 && power + 1 < names.size()) { // what rounds to 1024 is 1.0 of the next
    value /= 1024;
    ++power;
  }
  return printf_double(power > 0 && value < 9.95 ? "%.1f" : "%.0f", value) + names[power];
}

} // namespace alder
