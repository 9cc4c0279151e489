// Looks for a line that matches an expression among bytes as they come.
#pragma once

#include "runtime/base/pattern.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace alder {

/// A line that one of several streams will bring. May be shared by threads.
struct awaited_line {
  explicit awaited_line(pattern expression) : wanted(std::move(expression)) {}
  const pattern wanted;
  std::atomic<bool> has_come{false}; ///< nobody looks for it any more
};

/// One stream's search. Lines end with a line feed, which does not belong to them, nor a carriage return before it.
class line_search {
public:
  /// Of longer lines only so many bytes are looked at, and expressions are simpler than others may be: a line costs the
  /// thread that moves everybody's output 30 ms at worst.
  static constexpr std::size_t longest_line = 4096;
  static constexpr std::size_t most_instructions = 250; ///< of a pattern

  explicit line_search(std::shared_ptr<awaited_line> what) : what_(std::move(what)) {}

  /// Whether a line that ends in `bytes` matches, and is the first of all streams to do so.
  [[nodiscard]] bool found_in(std::string_view bytes);
  /// Whether there is nothing to look for any more.
  [[nodiscard]] bool is_over() const { return what_->has_come.load(std::memory_order_relaxed); }

private:
  std::shared_ptr<awaited_line> what_;
  std::string line_; ///< what there is of the present one, at most `longest_line` bytes
};

} // namespace alder
