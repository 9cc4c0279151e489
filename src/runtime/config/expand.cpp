#include "runtime/config/expand.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <utility>

namespace alder::config {
namespace {

constexpr unsigned max_nesting = 8;

bool starts_variable(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_variable(char c) { return starts_variable(c) || (c >= '0' && c <= '9'); }

class expander {
public:
  expander(std::string_view text, const variable_lookup& lookup) : text_(text), lookup_(lookup) {}

  expansion run() {
    std::string literal;
    while (at_ < text_.size() && result_.problems.size() < max_problems) {
      if (text_.substr(at_, 2) == "${") {
        flush(literal);
        std::string value;
        take_variable(value, 0);
        add(std::move(value), true);
      } else {
        take_literal(literal);
      }
    }
    flush(literal);
    return std::move(result_);
  }

private:
  static constexpr std::size_t max_problems = 20;

  /// At least one character, and all up to the next that could mean something.
  void take_literal(std::string& into) {
    if (text_.substr(at_, 2) == "$$") ++at_;
    const auto end = std::min(text_.find_first_of("$}", at_ + 1), text_.size());
    into += text_.substr(at_, end - at_);
    at_ = end;
  }

  void flush(std::string& literal) {
    if (!literal.empty()) add(std::exchange(literal, {}), false);
  }

  void add(std::string text, bool from_variable) {
    total_ += text.size();
    if (total_ <= max_expanded) {
      result_.pieces.push_back({std::move(text), from_variable});
      return;
    }
    result_.problems.push_back({expansion_problem::kind::too_long, 0, text_.size(), ""});
    at_ = text_.size();
  }

  void complain(expansion_problem::kind what, std::size_t from, std::string_view name) {
    result_.problems.push_back({what, from, at_ - from, std::string{name}});
  }

  /// Reads from "${" to its "}" and appends the value to `into`.
  void take_variable(std::string& into, unsigned nesting) {
    const auto from = at_;
    at_ += 2;
    const auto name = take_name();
    const bool closes = at_ < text_.size() && text_[at_] == '}';
    const bool has_default = text_.substr(at_, 2) == ":-";
    if (name.empty() || (!closes && !has_default) || nesting >= max_nesting) {
      skip_to_brace();
      complain(expansion_problem::kind::malformed, from, name);
      return;
    }
    const auto value = lookup_(name);
    if (closes) {
      ++at_;
      if (value) {
        into += *value;
      } else {
        complain(expansion_problem::kind::undefined, from, name);
      }
      return;
    }
    at_ += 2;
    take_default(into, value, from, nesting);
  }

  /// Reads a default up to its "}". It counts only if the value is not set or empty; its own mistakes count always.
  void take_default(std::string& into, const std::optional<std::string>& value, std::size_t from, unsigned nesting) {
    std::string fallback;
    const bool used = !value || value->empty();
    const auto problems_before = result_.problems.size();
    while (at_ < text_.size() && text_[at_] != '}' && fallback.size() <= max_expanded) {
      if (text_.substr(at_, 2) == "${") {
        take_variable(fallback, nesting + 1);
      } else {
        take_literal(fallback);
      }
    }
    if (!used) { // an undefined variable in a default that is not needed does no harm
      auto& all = result_.problems;
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(problems_before);
      all.erase(
          std::remove_if(first, all.end(), [](const auto& p) { return p.what == expansion_problem::kind::undefined; }),
          all.end());
    }
    if (at_ >= text_.size() || text_[at_] != '}') {
      const bool not_closed = at_ >= text_.size();
      at_ = text_.size();
      complain(not_closed ? expansion_problem::kind::malformed : expansion_problem::kind::too_long, from, "");
      return;
    }
    ++at_;
    into += used ? fallback : *value;
  }

  std::string_view take_name() {
    const auto from = at_;
    if (at_ < text_.size() && starts_variable(text_[at_])) {
      while (at_ < text_.size() && continues_variable(text_[at_]))
        ++at_;
    }
    return text_.substr(from, at_ - from);
  }

  void skip_to_brace() {
    const auto end = text_.find('}', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

  std::string_view text_;
  const variable_lookup& lookup_;
  std::size_t at_ = 0;
  std::size_t total_ = 0;
  expansion result_;
};

} // namespace

expansion expand(std::string_view text, const variable_lookup& lookup) { return expander{text, lookup}.run(); }

std::string joined(const expansion& e) {
  std::string text;
  for (const auto& piece : e.pieces)
    text += piece.text;
  return text;
}

std::optional<std::vector<std::string>> expanded_words(const expansion& e) {
  // A NUL stands for a variable while the line is split: one each, in order. Texts should hold none of their own; one
  // that does stands for itself.
  static const std::string nul(1, '\0');
  std::string line;
  std::vector<const std::string*> values;
  for (const auto& piece : e.pieces) {
    if (piece.from_variable) {
      values.push_back(&piece.text);
      line += '\0';
      continue;
    }
    values.insert(values.end(), static_cast<std::size_t>(std::count(piece.text.begin(), piece.text.end(), '\0')), &nul);
    line += piece.text;
  }
  auto words = shell_words(line);
  if (!words) return std::nullopt;
  std::size_t next = 0;
  for (auto& word : *words) {
    std::string whole;
    for (const char c : word) {
      if (c == '\0') {
        whole += *values[next++];
      } else {
        whole += c;
      }
    }
    word = std::move(whole);
  }
  return words;
}

} // namespace alder::config
