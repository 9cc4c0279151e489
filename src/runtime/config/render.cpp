#include "runtime/base/text.hpp"
#include "runtime/base/utf8.hpp"
#include "runtime/config/diagnostic.hpp"
#include "runtime/config/document.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace alder::config {
namespace {

constexpr std::size_t widest_line = 160; // characters of the file's line that are shown around the mark

/// ANSI sequences, or nothing.
struct paint {
  bool on;
  [[nodiscard]] std::string with(const char* sequence, const std::string& text) const {
    return on && !text.empty() ? sequence + text + "\x1b[0m" : text;
  }
};
constexpr const char* bold = "\x1b[1m";
constexpr const char* red = "\x1b[1;31m";
constexpr const char* yellow = "\x1b[1;33m";
constexpr const char* blue = "\x1b[1;34m";

char32_t decode(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  char32_t value = lead & (0xFFU >> (character.size() + 1));
  for (const char c : character.substr(1))
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

/// Columns of a terminal that a character takes: East Asian wide ones two, combining marks none.
std::size_t width(char32_t c) {
  struct range {
    char32_t first, last;
  };
  constexpr range wide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},
                            {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
  constexpr range none[] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}};
  const auto holds = [c](const range& r) { return c >= r.first && c <= r.last; };
  if (std::any_of(std::begin(none), std::end(none), holds)) return 0;
  return std::any_of(std::begin(wide), std::end(wide), holds) ? 2 : 1;
}

/// The characters of a line, each as it is shown: tabs as one blank, control characters as '?'.
std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
      ++end;
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte == '\t') {
      all.emplace_back(" ");
    } else if (byte < 0x20 || byte == 0x7F || find_invalid_utf8(line.substr(i, end - i)) < end - i) {
      all.emplace_back("?");
    } else {
      all.emplace_back(line.substr(i, end - i));
    }
    i = end;
  }
  return all;
}

/// Messages quote what a file says: no control character of it reaches the terminal.
std::string printable(std::string_view text) {
  std::string safe;
  for (const auto& c : characters(text))
    safe += c;
  return safe;
}

struct marked_line {
  std::string text;
  std::string mark; ///< blanks, then ^^^
};

marked_line mark_line(const diagnostic& d) {
  const auto all = characters(d.snippet);
  const std::size_t column = std::min<std::size_t>(std::max(d.column, 1U) - 1, all.size());
  const std::size_t from = all.size() <= widest_line || column < widest_line / 2 ? 0 : column - widest_line / 2;
  const std::size_t to = std::min(all.size(), from + widest_line);
  marked_line result;
  if (from > 0) {
    result.text = "...";
    result.mark = "   ";
  }
  for (std::size_t i = from; i < to; ++i) {
    result.text += all[i];
    const auto cells = width(decode(all[i]));
    if (i < column) result.mark += std::string(cells, ' ');
    if (i >= column && i + 1 < d.end_column) result.mark += std::string(cells, '^');
  }
  if (to < all.size()) result.text += "...";
  if (result.mark.find('^') == std::string::npos) result.mark += "^";
  return result;
}

/// The path for people: relative to the directory of the configuration if it is in there.
std::string shown_path(const std::string& file, const std::string& main_file) {
  const auto directory = main_file.substr(0, main_file.rfind('/') + 1);
  const bool inside = !directory.empty() && file.compare(0, directory.size(), directory) == 0;
  return inside ? file.substr(directory.size()) : file;
}

std::string render_one(const diagnostic& d, const std::string& main_file, const paint& p) {
  const bool is_error = d.severity == diagnostic::level::error;
  std::string text = p.with(is_error ? red : yellow, (is_error ? "error[" : "warning[") + d.code + "]") +
                     p.with(bold, ": " + printable(d.message)) + "\n";
  auto where = shown_path(d.file, main_file);
  if (d.line > 0) where += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  const auto number = d.line > 0 ? std::to_string(d.line) : std::string{};
  const std::string gutter(number.size(), ' ');
  text += gutter + p.with(blue, " --> ") + printable(where) + "\n";
  if (d.line > 0) {
    const auto line = mark_line(d);
    const auto label = d.label.empty() ? std::string{} : " " + printable(d.label);
    text += gutter + p.with(blue, " |") + "\n";
    text += p.with(blue, number + " |") + (line.text.empty() ? "" : " ") + line.text + "\n";
    text += gutter + p.with(blue, " |") + " " + p.with(is_error ? red : yellow, line.mark + label) + "\n";
  }
  for (const auto& help : d.help)
    text += gutter + p.with(blue, " = ") + p.with(bold, "help") + ": " + printable(help) + "\n";
  return text + "\n";
}

} // namespace

std::string render(const std::vector<diagnostic>& diagnostics, bool colour) {
  if (diagnostics.empty()) return {};
  const paint p{colour};
  const auto& main_file = diagnostics.front().file;
  std::string text;
  for (const auto& d : diagnostics)
    text += render_one(d, main_file, p);
  const auto errors = static_cast<std::size_t>(std::count_if(
      diagnostics.begin(), diagnostics.end(), [](const auto& d) { return d.severity == diagnostic::level::error; }));
  const auto warnings = diagnostics.size() - errors;
  std::vector<std::string> counts;
  if (errors > 0) counts.push_back(counted(errors, "error"));
  if (warnings > 0) counts.push_back(counted(warnings, "warning"));
  text += shown_path(main_file, main_file) + ": " + join(counts, ", ");
  return text + (errors > 0 ? "; nothing was started or changed\n" : "\n");
}

std::string render_brief(const std::vector<diagnostic>& warnings, bool colour) {
  const paint p{colour};
  std::string text;
  for (const auto& d : warnings) {
    auto where = shown_path(d.file, warnings.front().file);
    if (d.line > 0) where += ":" + std::to_string(d.line);
    text += p.with(yellow, "warning[" + d.code + "]") + " " + printable(where) + ": " + printable(d.message);
    for (const auto& help : d.help)
      text += "; " + printable(help);
    text += "\n";
  }
  return text;
}

} // namespace alder::config
