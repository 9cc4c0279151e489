#include "runtime/config/env_file.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace alder::config {
namespace {

constexpr std::size_t max_problems = 20;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t";

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a text can be the name of a variable: letters, digits, '_', '.', '-'.
bool is_name(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
  };
  const auto inside = [&](char c) { return starts(c) || c == '.' || c == '-'; };
  return !name.empty() && starts(name.front()) && std::all_of(name.begin(), name.end(), inside);
}

/// The value without its comment.
std::string plain_value(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (text[i] == '#' && is_blank(text[i - 1])) return std::string{trim(text.substr(0, i))};
  return std::string{trim(text)};
}

char escaped(char c) {
  switch (c) {
  case 'n': return '\n';
  case 't': return '\t';
  case 'r': return '\r';
  default: return c;
  }
}

bool is_escape(char c) { return std::string_view{"ntr\\\"$"}.find(c) != std::string_view::npos; }

/// What a line without '=' may have been meant to be.
std::string without_equals(std::string_view line) {
  if (line.front() == ';') return "there is no '='; comments start with '#'";
  const auto name = line.substr(0, line.find_first_of(": \t"));
  if (name.size() < line.size() && line[name.size()] == ':' && is_name(name))
    return "there is no '='; write " + std::string{name} + "=" + std::string{trim(line.substr(name.size() + 1))};
  if (is_name(line))
    return "there is no '='; use 'inherit_env' to pass on a variable of the caller; for an empty value write " +
           std::string{line} + "=";
  return "there is no '='";
}

class env_reader {
public:
  explicit env_reader(std::string_view text) : rest_(text) {
    if (rest_.substr(0, byte_order_mark.size()) == byte_order_mark) rest_.remove_prefix(byte_order_mark.size());
  }

  env_file run() {
    const auto mark = rest_.substr(0, 2);
    if (mark == "\xFF\xFE" || mark == "\xFE\xFF") {
      complain(1, "this is UTF-16 text; save it as UTF-8");
      return std::move(result_);
    }
    while (!rest_.empty())
      read_line();
    return std::move(result_);
  }

private:
  void complain(unsigned line, std::string what, bool is_warning = false) {
    if (result_.problems.size() < max_problems) result_.problems.push_back({line, std::move(what), is_warning});
  }

  /// Up to the end of the line, which is taken too.
  std::string_view take_line() {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    return line;
  }

  void read_line() {
    const auto from = rest_;
    const auto line = trim(take_line());
    const auto number = line_;
    if (line.empty() || line.front() == '#') return;
    const auto equals = line.find('=');
    auto name = trim(line.substr(0, equals));
    if (name.size() > 6 && name.substr(0, 6) == "export" && is_blank(name[6])) name = trim(name.substr(6));
    if (equals == std::string_view::npos) return complain(number, without_equals(name));
    if (!is_name(name)) return complain(number, "'" + std::string{name} + "' is not a valid variable name");
    const auto value = line.substr(equals + 1);
    const auto begin = value.find_first_not_of(blanks);
    env_variable variable{std::string{name}, {}, number, {}};
    if (begin != std::string_view::npos && (value[begin] == '"' || value[begin] == '\'')) {
      const auto offset = static_cast<std::size_t>(value.data() + begin - from.data());
      if (!read_quoted(from.substr(offset), variable)) return;
    } else {
      variable.value = plain_value(value);
    }
    if (variable.value.find('\0') != std::string::npos) return complain(number, "the value contains a NUL character");
    if (is_digit(name.front()))
      complain(number, "the name '" + variable.name + "' starts with a digit, so shells cannot use it",
               /*is_warning=*/true);
    result_.variables.push_back(std::move(variable));
  }

  /// Reads the value in the quotes at the start of `text` and continues after its last line. False if the quotes are
  /// not closed: then it continues after the first line.
  bool read_quoted(std::string_view text, env_variable& into) {
    const char quote = text.front();
    const bool knows_escapes = quote == '"';
    std::string expandable;
    bool has_variable = false;
    std::size_t at = 1;
    unsigned lines = 0;
    for (; at < text.size() && text[at] != quote; ++at) {
      if (text[at] == '\n') ++lines;
      if (text.substr(at, 2) == "\r\n") continue;
      const bool is_escaped = knows_escapes && text[at] == '\\' && at + 1 < text.size() && is_escape(text[at + 1]);
      const bool begins_variable = !is_escaped && text.substr(at, 2) == "${";
      const char c = is_escaped ? escaped(text[++at]) : text[at];
      has_variable = has_variable || begins_variable;
      into.value += c;
      if (c == '$' && !begins_variable) expandable += '$'; // stands for itself
      expandable += c;
    }
    if (at >= text.size()) {
      complain(into.line, "the quote is not closed");
      return false;
    }
    if (lines > 0) { // the first was taken already
      rest_ = text.substr(at);
      line_ += lines - 1;
      (void)take_line(); // what follows the quote is looked at below
    }
    const auto after = trim(text.substr(at + 1, text.find('\n', at) - at - 1));
    if (!after.empty() && after.front() != '#') {
      complain(line_, lines == 0 ? "there is text after the closing quote"
                                 : "there is text after the closing quote of the value that starts in line " +
                                       std::to_string(into.line));
      return false;
    }
    if (knows_escapes && has_variable) into.expandable = std::move(expandable);
    return true;
  }

  std::string_view rest_;
  unsigned line_ = 0; ///< of what was taken last
  env_file result_;
};

} // namespace

env_file parse_env_file(std::string_view text) { return env_reader{text}.run(); }

} // namespace alder::config
