// One run of a hook, from its command to its answer or the end of its time.
#pragma once

#include "runtime/policy/process_events.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::policy {

/// The key of a hook, and its command.
[[nodiscard]] std::string_view word(run_hook::moment when);
[[nodiscard]] const std::vector<std::string>& command_of(const hooks_spec& hooks, run_hook::moment when);

class hook_turn {
public:
  /// Has the hook of this moment run; none: there is no such hook.
  [[nodiscard]] static std::optional<hook_turn> begin(const hooks_spec& hooks, run_hook::moment when,
                                                      process_output& out);
  /// How it ended, if this is its answer: an empty text when it succeeded.
  [[nodiscard]] std::optional<std::string> ended_by(const hook_done& answer) const;
  /// Likewise, if this is the timer of its time: then it is killed and has failed.
  [[nodiscard]] std::optional<std::string> ended_by(const timer_due& timer, process_output& out) const;
  /// It is killed, and what comes of it does not matter.
  void cancel(process_output& out) const;
  /// "its hook before_start failed: exited with code 1".
  [[nodiscard]] std::string trouble(const std::string& failure) const;

private:
  run_hook::moment when_ = run_hook::moment::before_start;
  std::uint64_t token_ = 0;
  std::uint64_t due_ = 0;
  milliseconds timeout_{0};
};

} // namespace alder::policy
