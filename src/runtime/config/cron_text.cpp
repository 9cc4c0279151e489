#include "runtime/config/cron_text.hpp"

#include "runtime/base/number.hpp"
#include "runtime/base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::config {
namespace {

constexpr std::size_t longest_expression = 1000;

/// One of the six fields: its numbers and their names.
struct field_kind {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::vector<std::string_view> names{}; ///< of the numbers from `low` on
};

const std::array<field_kind, 6>& field_kinds() {
  static const std::array<field_kind, 6> kinds{
      {{"second", 0, 59},
       {"minute", 0, 59},
       {"hour", 0, 23},
       {"day", 1, 31},
       {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
       {"weekday", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}}};
  return kinds;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> nicknames{{{"@yearly", "0 0 1 1 *"},
                                                                                  {"@annually", "0 0 1 1 *"},
                                                                                  {"@monthly", "0 0 1 * *"},
                                                                                  {"@weekly", "0 0 * * 0"},
                                                                                  {"@daily", "0 0 * * *"},
                                                                                  {"@midnight", "0 0 * * *"},
                                                                                  {"@hourly", "0 * * * *"}}};

std::string lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// The numbers of a field, and what else is said about it.
struct field_value {
  std::array<bool, 60> set{};
  bool is_any = false;
  bool last_day = false;
  bool has_star = false; ///< or a step
};

class field_reader {
public:
  explicit field_reader(const field_kind& kind) : kind_(kind) {}

  result<field_value> read(std::string_view text) {
    value_.is_any = text == "*" || text == "?";
    for (const auto& item : parts_of(lower(text), ',')) {
      if (auto why = add(item); !why.empty())
        return error{error_kind::invalid_input,
                     "the " + std::string{kind_.name} + " '" + std::string{text} + "' " + why};
    }
    return value_;
  }

private:
  /// What is wrong with one item of the list; nothing: it is added.
  std::string add(const std::string& item) {
    if (item == "l" && kind_.name == "day") {
      value_.last_day = true;
      return {};
    }
    const auto slash = item.find('/');
    const auto range = item.substr(0, slash);
    const bool is_star = range == "*" || range == "?";
    unsigned step = 1;
    if (slash != std::string::npos) {
      const auto given = parse_number<unsigned>(item.substr(slash + 1));
      if (!given || *given == 0 || *given > size()) return "has a step that is not from 1 to " + std::to_string(size());
      if (!is_star && range.find('-') == std::string::npos) return "has a step without a range; write 'a-b/n' or '*/n'";
      step = *given;
    }
    value_.has_star = value_.has_star || is_star || slash != std::string::npos;
    if (is_star) return fill(kind_.low, top(), step);
    const auto ends = parts_of(range, '-');
    if (ends.size() > 2) return "is not a number, range or list";
    const auto first = number(ends.front());
    const auto last = number(ends.back());
    if (!first || !last) return bad_number();
    if (*first > *last) return "has a range that ends before it starts";
    return fill(*first, *last, step);
  }

  std::string fill(unsigned first, unsigned last, unsigned step) {
    for (auto n = first; n <= last; n += step)
      value_.set[kind_.name == "weekday" && n == 7 ? 0 : n] = true;
    return {};
  }

  std::optional<unsigned> number(const std::string& text) const {
    const auto name = std::find(kind_.names.begin(), kind_.names.end(), text);
    if (name != kind_.names.end()) return kind_.low + static_cast<unsigned>(name - kind_.names.begin());
    const auto given = parse_number<unsigned>(text);
    if (!given || *given < kind_.low || *given > kind_.high) return std::nullopt;
    return *given;
  }

  [[nodiscard]] std::string bad_number() const {
    return "is not from " + std::to_string(kind_.low) + " to " + std::to_string(kind_.high) +
           (kind_.names.empty() ? "" : ", or a name such as " + std::string{kind_.names.front()});
  }
  [[nodiscard]] unsigned top() const { return kind_.name == "weekday" ? 6 : kind_.high; }
  [[nodiscard]] unsigned size() const { return top() - kind_.low + 1; }

  const field_kind& kind_;
  field_value value_;
};

template <std::size_t Size> std::bitset<Size> bits_of(const field_value& value) {
  std::bitset<Size> bits;
  for (std::size_t n = 0; n < Size; ++n)
    bits.set(n, value.set[n]);
  return bits;
}

bool is_single(const field_value& value) {
  return !value.has_star && std::count(value.set.begin(), value.set.end(), true) == 1;
}

/// Whether one of the months has one of the days.
bool has_a_day(const cron_expression& when) {
  constexpr std::array<std::size_t, 13> lengths{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (when.last_day || !when.any_weekday) return true; // a weekday comes in every month
  for (std::size_t month = 1; month < lengths.size(); ++month)
    for (std::size_t day = 1; when.months.test(month) && day <= lengths[month]; ++day)
      if (when.days.test(day)) return true;
  return false;
}

/// Parted by blanks, tabs, and the line ends of texts that are written over several lines.
std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> words;
  for (auto at = text.find_first_not_of(blanks); at != std::string_view::npos;
       at = text.find_first_not_of(blanks, at)) {
    const auto end = std::min(text.find_first_of(blanks, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

} // namespace

result<cron_expression> parse_cron(std::string_view text) {
  if (text.size() > longest_expression)
    return error{error_kind::invalid_input,
                 "a cron expression has at most " + std::to_string(longest_expression) + " bytes"};
  auto words = words_of(text);
  const auto shown = join(words, " ");
  const auto nick = std::find_if(nicknames.begin(), nicknames.end(),
                                 [&](const auto& n) { return words.size() == 1 && n.first == lower(words.front()); });
  if (nick != nicknames.end()) words = words_of(nick->second);
  if (words.size() != 5 && words.size() != 6)
    return error{error_kind::invalid_input,
                 "a cron expression has 5 or 6 fields; this one has " + std::to_string(words.size())};
  if (words.size() == 5) words.insert(words.begin(), "0");
  std::array<field_value, 6> values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto value = field_reader{field_kinds()[i]}.read(words[i]);
    if (!value) return value.failure();
    values[i] = *value;
  }
  cron_expression when;
  when.seconds = bits_of<60>(values[0]);
  when.minutes = bits_of<60>(values[1]);
  when.hours = bits_of<24>(values[2]);
  when.days = bits_of<32>(values[3]);
  when.months = bits_of<13>(values[4]);
  when.weekdays = bits_of<7>(values[5]);
  when.last_day = values[3].last_day;
  when.any_day = values[3].is_any;
  when.any_weekday = values[5].is_any;
  when.is_fixed = is_single(values[0]) && is_single(values[1]) && is_single(values[2]);
  when.text = shown;
  if (!has_a_day(when))
    return error{error_kind::invalid_input, "none of the given months has such a day, so it would never run"};
  return when;
}

} // namespace alder::config
