// POSIX extended regular expressions.
#pragma once

#include "alder/error.hpp"

#include <memory>
#include <string>

namespace alder {

class pattern {
public:
  /// Errors: invalid_input, with what the expression lacks ("Unmatched [ or [^").
  static result<pattern> compile(const std::string& text);
  /// Whether it matches anywhere in `text`; a line break is a character like any other.
  [[nodiscard]] bool matches(const std::string& text) const;

private:
  struct compiled;
  explicit pattern(std::shared_ptr<const compiled> c) : compiled_(std::move(c)) {}
  std::shared_ptr<const compiled> compiled_;
};

} // namespace alder
