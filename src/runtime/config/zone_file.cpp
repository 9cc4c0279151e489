#include "runtime/config/zone_file.hpp"

#include "runtime/base/number.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace alder::config {
namespace {

constexpr std::size_t most_changes = 10000; // of the real ones none has 300

/// Takes big-endian numbers out of bytes; past the end everything is 0 and `failed` says so.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : left_(bytes) {}

  std::int64_t number(std::size_t size) {
    const auto bytes = take(size);
    std::uint64_t value = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes)
      value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  std::string_view take(std::size_t size) {
    failed_ = failed_ || size > left_.size();
    if (failed_) return {};
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return left_; }

private:
  std::string_view left_;
  bool failed_ = false;
};

/// The counts of a header, in the order of the file.
struct counts {
  std::size_t utc_marks = 0, standard_marks = 0, leaps = 0, times = 0, types = 0, letters = 0;
};

std::optional<counts> read_header(byte_reader& in) {
  if (in.take(4) != "TZif") return std::nullopt;
  (void)in.take(16); // the version is known, the rest is not used
  counts c;
  for (auto* n : {&c.utc_marks, &c.standard_marks, &c.leaps, &c.times, &c.types, &c.letters})
    *n = static_cast<std::size_t>(in.number(4) & 0xFFFFFFFF);
  if (in.failed() || c.times > most_changes || c.types > 256 || c.types == 0 || c.letters > 1024) return std::nullopt;
  return c;
}

std::size_t body_size(const counts& c, std::size_t time_size) {
  return c.times * time_size + c.times + c.types * 6 + c.letters + c.leaps * (time_size + 4) + c.standard_marks +
         c.utc_marks;
}

/// Takes the POSIX text of a TZ variable apart: "CET-1CEST,M3.5.0,M10.5.0/3".
class rule_reader {
public:
  explicit rule_reader(std::string_view text) : left_(text) {}

  /// Whether it could be read. Without a second name the offset stays what it is.
  bool read(std::optional<std::array<time_zone::yearly_rule, 2>>& into) {
    if (left_.empty()) return true;
    skip_name();
    const auto standard = -time();
    if (left_.empty()) return !failed_;
    skip_name();
    const auto summer = left_.empty() || left_[0] == ',' ? standard + 3600 : -time();
    std::array<time_zone::yearly_rule, 2> rules;
    rules[0] = rule();
    rules[1] = rule();
    rules[0].offset = summer;
    rules[1].offset = standard;
    if (failed_ || !left_.empty()) return false;
    into = rules;
    return true;
  }

private:
  void skip_name() {
    const bool quoted = !left_.empty() && left_[0] == '<';
    const auto is_end = [&](char c) { return quoted ? c == '>' : std::isalpha(static_cast<unsigned char>(c)) == 0; };
    const auto end = std::find_if(left_.begin(), left_.end(), is_end);
    const auto size = static_cast<std::size_t>(end - left_.begin()) + (quoted ? 1 : 0);
    failed_ = failed_ || size < 3 || size > left_.size();
    left_.remove_prefix(std::min(size, left_.size()));
  }
  int number() {
    std::size_t digits = 0;
    while (digits < left_.size() && digits < 4 && std::isdigit(static_cast<unsigned char>(left_[digits])) != 0)
      ++digits;
    const auto value = parse_number<int>(left_.substr(0, digits));
    failed_ = failed_ || !value;
    left_.remove_prefix(digits);
    return value.value_or(0);
  }
  bool skip(char c) {
    if (left_.empty() || left_[0] != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  /// [+-]h[h][:mm[:ss]], in seconds.
  std::int32_t time() {
    const bool negative = skip('-');
    if (!negative) (void)skip('+');
    std::int32_t seconds = number() * 3600;
    if (skip(':')) seconds += number() * 60;
    if (skip(':')) seconds += number();
    return negative ? -seconds : seconds;
  }
  /// ,Mm.w.d[/time]
  time_zone::yearly_rule rule() {
    time_zone::yearly_rule r;
    failed_ = failed_ || !skip(',') || !skip('M');
    const int month = number();
    failed_ = failed_ || !skip('.');
    const int week = number();
    failed_ = failed_ || !skip('.');
    const int weekday = number();
    failed_ = failed_ || month < 1 || month > 12 || week < 1 || week > 5 || weekday < 0 || weekday > 6;
    r.month = static_cast<std::uint8_t>(month);
    r.week = static_cast<std::uint8_t>(week);
    r.weekday = static_cast<std::uint8_t>(weekday);
    r.time = skip('/') ? time() : 2 * 3600;
    return r;
  }

  std::string_view left_;
  bool failed_ = false;
};

} // namespace

result<time_zone> parse_zone_file(std::string_view bytes, std::string name) {
  const auto bad = [&](const char* why) { return error{error_kind::invalid_input, why}; };
  byte_reader in{bytes};
  const auto old = read_header(in);
  if (!old || bytes[4] < '2') return bad("is not a time zone file of version 2 or later");
  (void)in.take(body_size(*old, 4));
  const auto c = read_header(in);
  if (!c) return bad("is a damaged time zone file");
  time_zone zone;
  zone.name = std::move(name);
  for (std::size_t i = 0; i < c->times; ++i)
    zone.changes.push_back({in.number(8), 0});
  const auto types = in.take(c->times);
  std::vector<std::int32_t> offsets;
  for (std::size_t i = 0; i < c->types; ++i) {
    offsets.push_back(static_cast<std::int32_t>(in.number(4)));
    (void)in.take(2); // whether it is summer time, and its abbreviation
  }
  (void)in.take(body_size(*c, 8) - c->times * 9 - c->types * 6);
  if (in.failed()) return bad("is a damaged time zone file");
  for (std::size_t i = 0; i < c->times; ++i) {
    const auto type = static_cast<unsigned char>(types[i]);
    if (type >= offsets.size() || (i > 0 && zone.changes[i].at <= zone.changes[i - 1].at))
      return bad("is a damaged time zone file");
    zone.changes[i].offset = offsets[type];
  }
  zone.first = offsets.front();
  auto footer = in.rest();
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return bad("is a damaged time zone file");
  footer = footer.substr(1, footer.size() - 2);
  if (!rule_reader{footer}.read(zone.yearly)) return bad("has yearly rules of an unknown kind");
  return zone;
}

bool is_zone_name(std::string_view name) {
  const auto is_fine = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
  };
  return !name.empty() && name.front() != '/' && name.size() <= 64 && std::all_of(name.begin(), name.end(), is_fine);
}

} // namespace alder::config
