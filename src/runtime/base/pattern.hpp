// Regular expressions from people: RE2, so that no pattern takes more than linear time or a bounded amount of memory.
#pragma once

#include "alder/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace alder {

/// A compiled regular expression. Copies share it; all members may be called by several threads at once.
///
/// The syntax is RE2's. Text is UTF-8, and each byte of it that is not counts as one U+FFFD, which is how it is shown
/// to people: a '.' matches it. A line break is a character like any other.
class pattern {
public:
  static constexpr std::size_t longest = 1024;                       ///< bytes of an expression
  static constexpr std::size_t most_memory = std::size_t{1} << 20U;  ///< bytes, compiled and while it is matched
  static constexpr std::size_t longest_text = std::size_t{64} << 10; ///< bytes; of longer texts the rest is not seen
  /// Instructions of the compiled expression. Each costs at most some 30 ns for each byte of a text, so that matching
  /// the longest text takes two seconds at worst: whoever matches long texts does it in a thread of its own.
  static constexpr std::size_t most_instructions = 1000;

  /// Errors: invalid_input, with what is wrong and what to write instead ("a back-reference such as \1 …").
  static result<pattern> compile(const std::string& text, std::size_t instructions = most_instructions);
  /// Whether it matches anywhere in `text`.
  [[nodiscard]] bool matches(std::string_view text) const;

private:
  struct compiled;
  explicit pattern(std::shared_ptr<const compiled> c) : compiled_(std::move(c)) {}
  std::shared_ptr<const compiled> compiled_;
};

} // namespace alder
