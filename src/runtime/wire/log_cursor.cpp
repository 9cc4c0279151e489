#include "runtime/wire/log_cursor.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace alder::wire {
namespace {

constexpr int radix = 36;
constexpr std::size_t longest_source = 1024;
constexpr char before_stream = '/';

template <class Number> void add(std::string& text, char before, Number value) {
  std::array<char, 32> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value, radix);
  text += before;
  text.append(digits.data(), written.ptr);
}

/// Takes one number and the dot behind it, unless it is the last. There is one way to write a number.
template <class Number> bool take(std::string_view& text, bool is_last, Number& into) {
  const auto end = is_last ? text.size() : text.find('.');
  if (end == std::string_view::npos || end == 0) return false;
  const auto digits = text.substr(0, end);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), into, radix);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return false;
  text.remove_prefix(is_last ? end : end + 1);
  std::string again;
  add(again, ' ', into);
  return std::string_view{again}.substr(1) == digits;
}

} // namespace

std::uint32_t digest_of(std::string_view bytes, std::uint32_t before) {
  auto hash = before; // FNV-1a
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return hash;
}

std::string log_source_name::text() const { return writer.text() + before_stream + stream; }

std::optional<log_source_name> log_source_name::parse(std::string_view text) {
  const auto end = text.rfind(before_stream);
  if (end == std::string_view::npos || end + 1 == text.size()) return std::nullopt;
  auto writer = node_id::parse(text.substr(0, end));
  if (!writer) return std::nullopt;
  return log_source_name{std::move(*writer), std::string{text.substr(end + 1)}};
}

std::string text_of(const log_cursor& cursor) {
  const auto& place = cursor.place;
  auto text = cursor.source.text();
  add(text, '@', place.offset);
  add(text, '.', place.inode);
  add(text, '.', place.begun_ns);
  add(text, '.', place.stamp_us);
  add(text, '.', place.at_ms);
  add(text, '.', static_cast<unsigned>(place.compared));
  add(text, '.', place.digest);
  return text;
}

std::optional<log_cursor> parse_log_cursor(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at > longest_source) return std::nullopt;
  auto source = log_source_name::parse(text.substr(0, at));
  if (!source) return std::nullopt;
  log_cursor cursor{.source = std::move(*source), .place = {}};
  auto rest = text.substr(at + 1);
  auto& place = cursor.place;
  unsigned compared = 0;
  const bool is_read = take(rest, false, place.offset) && take(rest, false, place.inode) &&
                       take(rest, false, place.begun_ns) && take(rest, false, place.stamp_us) &&
                       take(rest, false, place.at_ms) && take(rest, false, compared) && take(rest, true, place.digest);
  if (!is_read || compared > log_position::most_compared || compared > place.offset) return std::nullopt;
  const auto is_time = [](std::int64_t moment, std::int64_t latest) { return moment >= 0 && moment <= latest; };
  if (!is_time(place.at_ms, log_position::latest_ms) || !is_time(place.stamp_us, log_position::latest_ms * 1000))
    return std::nullopt;
  if (place.begun_ns / 1'000'000 > static_cast<std::uint64_t>(log_position::latest_ms)) return std::nullopt;
  place.compared = static_cast<std::uint8_t>(compared);
  return cursor;
}

} // namespace alder::wire
