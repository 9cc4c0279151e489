#include "runtime/policy/hook_turn.hpp"

#include "runtime/base/units.hpp"

namespace alder::policy {

std::string_view word(run_hook::moment when) {
  switch (when) {
  case run_hook::moment::before_start: return "before_start";
  case run_hook::moment::after_start: return "after_start";
  case run_hook::moment::before_stop: return "before_stop";
  case run_hook::moment::after_exit: return "after_exit";
  }
  return {};
}

const std::vector<std::string>& command_of(const hooks_spec& hooks, run_hook::moment when) {
  switch (when) {
  case run_hook::moment::before_start: return hooks.before_start;
  case run_hook::moment::after_start: return hooks.after_start;
  case run_hook::moment::before_stop: return hooks.before_stop;
  case run_hook::moment::after_exit: break;
  }
  return hooks.after_exit;
}

std::optional<hook_turn> hook_turn::begin(const hooks_spec& hooks, run_hook::moment when, process_output& out) {
  if (command_of(hooks, when).empty()) return std::nullopt;
  hook_turn turn;
  turn.when_ = when;
  turn.timeout_ = hooks.timeout;
  turn.token_ = out.new_token();
  turn.due_ = out.arm(hooks.timeout);
  out.emit(run_hook{when, turn.token_});
  return turn;
}

std::optional<std::string> hook_turn::ended_by(const hook_done& answer) const {
  return answer.token == token_ ? std::optional{answer.failure} : std::nullopt;
}

std::optional<std::string> hook_turn::ended_by(const timer_due& timer, process_output& out) const {
  if (timer.token != due_) return std::nullopt;
  cancel(out);
  return "took longer than " + format_duration(timeout_);
}

void hook_turn::cancel(process_output& out) const { out.emit(cancel_hook{token_}); }

std::string hook_turn::trouble(const std::string& failure) const {
  return "its hook " + std::string{word(when_)} + " failed: " + failure;
}

} // namespace alder::policy
