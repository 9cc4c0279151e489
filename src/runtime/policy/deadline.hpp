// A time limit that the program may ask to have extended. However often it does, one timer is enough: the one that is
// due looks whether it is too early.
#pragma once

#include "runtime/policy/process_events.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder::policy {

class deadline {
public:
  using time_point = process_output::time_point;

  deadline() = default;
  /// `until`: what the program asked for before there was this limit.
  explicit deadline(std::optional<time_point> until) : extended_until_(until) {}

  /// A limit from now on. What the program asked for was about another.
  void arm(milliseconds after, process_output& out);
  /// The same limit once more, so long from now.
  void arm_again(milliseconds after, process_output& out) { token_ = out.arm(after); }
  /// No limit.
  void disarm() { *this = {}; }
  /// It never leaves the program less than it has.
  void extend(milliseconds time, const process_output& out);
  [[nodiscard]] bool is(std::uint64_t token) const { return token != 0 && token == token_; }
  /// For when the timer is due: whether it is too early, because the program asked for more. Then it is armed again.
  [[nodiscard]] bool is_put_off(process_output& out);
  /// The time it had, for people: "30s", or "the time it asked for".
  [[nodiscard]] std::string patience(milliseconds usual) const;
  [[nodiscard]] std::optional<time_point> extended_until() const { return extended_until_; }

private:
  std::uint64_t token_ = 0;
  std::optional<time_point> extended_until_;
  bool was_extended_ = false; ///< it has passed once
};

} // namespace alder::policy
