#include "runtime/base/pattern.hpp"

#include "runtime/base/utf8.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

namespace alder {
namespace {

RE2::Options options() {
  RE2::Options how;
  how.set_log_errors(false); // to standard error, which is not ours to write to
  how.set_max_mem(pattern::most_memory);
  how.set_dot_nl(true);
  how.set_never_capture(true); // only whether it matches is asked
  return how;
}

/// What POSIX extended expressions (GNU's among them) mean otherwise: RE2 would take it without a word. `at` is at the
/// first byte that may begin such a thing.
std::optional<std::string> other_meaning(std::string_view rest, bool in_brackets) {
  const auto two = rest.substr(0, 2);
  if (in_brackets) {
    if (two == "[=" || two == "[.")
      return "'" + std::string{two} + "' is not supported in brackets; write the characters themselves";
    return std::nullopt;
  }
  if (two == "\\<" || two == "\\>")
    return "'" + std::string{two} + "' is ambiguous; write \\b for a word boundary, " + std::string{two[1]} +
           " for the character";
  if (two == "\\`" || two == "\\'")
    return "'" + std::string{two} + "' is ambiguous; write \\A or \\z for the ends of the text, " +
           std::string{two[1]} + " for the character";
  if (two == "{,") {
    const auto end = rest.find_first_not_of("0123456789", 2);
    if (end != 2 && end != std::string_view::npos && rest[end] == '}')
      return "'" + std::string{rest.substr(0, end + 1)} + "' has no lower bound; write {0" +
             std::string{rest.substr(1, end)};
  }
  return std::nullopt;
}

/// Where the bracket expression that starts `rest` ends: behind its ']'.
std::size_t bracket_length(std::string_view rest, std::optional<std::string>& problem) {
  std::size_t at = rest.substr(1, 1) == "^" ? 2 : 1;
  if (rest.substr(at, 1) == "]") ++at; // the first one is a character
  while (at < rest.size() && rest[at] != ']') {
    if (!problem) problem = other_meaning(rest.substr(at), /*in_brackets=*/true);
    const auto class_end = rest.substr(at, 2) == "[:" ? rest.find(":]", at + 2) : std::string_view::npos;
    at = class_end != std::string_view::npos ? class_end + 2 : rest[at] == '\\' ? at + 2 : at + 1;
  }
  return std::min(at + 1, rest.size());
}

std::optional<std::string> find_other_meaning(std::string_view text) {
  std::optional<std::string> problem;
  for (std::size_t at = 0; at < text.size() && !problem;) {
    const auto rest = text.substr(at);
    if (rest.substr(0, 2) == "\\Q") { // literal up to \E
      const auto end = rest.find("\\E");
      at += end == std::string_view::npos ? rest.size() : end + 2;
    } else if (rest.front() == '[') {
      at += bracket_length(rest, problem);
    } else {
      problem = other_meaning(rest, /*in_brackets=*/false);
      at += rest.front() == '\\' ? 2 : 1;
    }
  }
  return problem;
}

std::string too_complex() {
  return "it is too complex: a repetition such as {1,500} counts as often as it may repeat, and a class such as \\pL "
         "is large; use * or + instead of large counts";
}

std::string problem_of(const RE2& refused) {
  const auto& what = refused.error_arg();
  const bool is_number = what.size() == 2 && what[0] == '\\' && what[1] >= '1' && what[1] <= '9';
  if (is_number || what == "\\k" || what == "\\g")
    return "back-references such as " + what + " are not supported; write out the alternatives";
  if (what == "(?=" || what == "(?!" || what == "(?<" || what == "(?>")
    return "look-around and atomic groups such as " + what + "…) are not supported";
  if (what == "\\Z") return "'\\Z' is not supported; write \\z or $ for the end of the text";
  switch (refused.error_code()) {
  case RE2::ErrorPatternTooLarge: return too_complex();
  case RE2::ErrorBadUTF8: return "it is not UTF-8 text";
  case RE2::ErrorRepeatSize: return refused.error() + "; at most 1000 repetitions, nested ones multiplied";
  case RE2::ErrorRepeatOp: return refused.error() + "; put the inner repetition in parentheses";
  case RE2::ErrorRepeatArgument: return refused.error() + "; write \\ before a literal character";
  default: return refused.error();
  }
}

/// With U+FFFD for each byte that is not part of a character.
std::string made_valid(std::string_view text) {
  std::string valid;
  valid.reserve(text.size() + 16);
  while (true) {
    const auto good = find_invalid_utf8(text);
    valid += text.substr(0, good);
    if (good == text.size()) return valid;
    valid += "\xEF\xBF\xBD";
    text.remove_prefix(good + 1);
  }
}

} // namespace

struct pattern::compiled {
  explicit compiled(const std::string& text) : expression(text, options()) {}
  RE2 expression;
};

result<pattern> pattern::compile(const std::string& text, std::size_t instructions) {
  const auto refuse = [](std::string why) { return error{error_kind::invalid_input, std::move(why)}; };
  if (text.size() > longest)
    return refuse("it is " + std::to_string(text.size()) + " bytes long; at most " + std::to_string(longest) +
                  " are allowed");
  if (auto problem = find_other_meaning(text)) return refuse(std::move(*problem));
  auto made = std::make_shared<const compiled>(text);
  const auto& expression = made->expression;
  if (!expression.ok()) return refuse(problem_of(expression));
  if (static_cast<std::size_t>(expression.ProgramSize()) > instructions) return refuse(too_complex());
  return pattern{std::move(made)};
}

bool pattern::matches(std::string_view text) const {
  text = text.substr(0, longest_text);
  const auto match = [this](std::string_view valid) {
    return compiled_->expression.Match(valid, 0, valid.size(), RE2::UNANCHORED, nullptr, 0);
  };
  return find_invalid_utf8(text) == text.size() ? match(text) : match(made_valid(text));
}

} // namespace alder
