#include "runtime/config/env_file.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace alder::config {
namespace {

constexpr std::size_t max_problems = 20;

/// The value without comment; `problem` is set when it is not one.
std::string plain_value(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool at_blank = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
    if (text[i] == '#' && at_blank) return std::string{trim(text.substr(0, i))};
  }
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

/// The value in the quotes that start `text`; nothing and `problem` when they are not closed or something follows them.
std::optional<std::string> quoted_value(std::string_view text, std::string& problem) {
  const char quote = text.front();
  std::string value;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != quote; ++at) {
    const bool escape = quote == '"' && text[at] == '\\' && at + 1 < text.size() && is_escape(text[at + 1]);
    value += escape ? escaped(text[++at]) : text[at];
  }
  if (at >= text.size()) {
    problem = "the quote is not closed";
    return std::nullopt;
  }
  const auto rest = trim(text.substr(at + 1));
  if (!rest.empty() && rest.front() != '#') {
    problem = "there is text after the closing quote";
    return std::nullopt;
  }
  return value;
}

} // namespace

bool is_env_file_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto inside = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), inside);
}

env_file parse_env_file(std::string_view text) {
  env_file result;
  unsigned number = 0;
  const auto complain = [&](std::string what) {
    if (result.problems.size() < max_problems) result.problems.push_back({number, std::move(what)});
  };
  for (auto line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.substr(0, 7) == "export ") line = trim(line.substr(7));
    const auto equals = line.find('=');
    const auto name = trim(line.substr(0, equals));
    if (equals == std::string_view::npos) {
      complain("there is no '='");
    } else if (!is_env_file_name(name)) {
      complain("'" + std::string{name} + "' cannot be the name of a variable");
    } else if (line.find('\0') != std::string_view::npos) {
      complain("there is a NUL character");
    } else {
      const auto rest = trim(line.substr(equals + 1));
      const bool in_quotes = !rest.empty() && (rest.front() == '"' || rest.front() == '\'');
      std::string problem;
      auto value = in_quotes ? quoted_value(rest, problem) : plain_value(rest);
      if (value) {
        result.variables.emplace_back(std::string{name}, std::move(*value));
      } else {
        complain(problem);
      }
    }
  }
  return result;
}

} // namespace alder::config
