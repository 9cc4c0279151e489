#include "runtime/policy/stop_sequence.hpp"

#include "runtime/base/overloaded.hpp"

#include <csignal>
#include <variant>
#include <vector>

namespace alder::policy {

stop_sequence::then stop_sequence::ask(const stop_spec& rules, bool main_is_gone, process_output& out) {
  while (main_is_gone && step_ < rules.steps.size() && !std::holds_alternative<int>(rules.steps[step_].how))
    ++step_;
  const bool main_only = rules.main_only && !main_is_gone;
  if (step_ < rules.steps.size()) {
    const auto& step = rules.steps[step_];
    time_ = step.wait;
    limit_.arm(time_, out);
    std::visit(overloaded{[&](int signal) {
                            out.emit(signal_all{signal, main_only});
                          },
                          [&](const std::vector<std::string>& command) {
                            out.emit(run_stop_command{step_, command});
                          },
                          [&](const stop_step::message&) { out.emit(ask_to_shut_down{}); }},
               step.how);
    return then::wait;
  }
  if (rules.signal == SIGKILL) return then::kill;
  was_signalled_ = true;
  time_ = rules.timeout.value_or(milliseconds{0});
  if (rules.timeout)
    limit_.arm(time_, out);
  else
    limit_.disarm();
  out.emit(signal_all{rules.signal, main_only});
  return then::wait;
}

bool stop_sequence::is_over(std::uint64_t token, process_output& out) {
  return limit_.is(token) && !limit_.is_put_off(out);
}

stop_sequence::then stop_sequence::ask_next(const stop_spec& rules, bool main_is_gone, process_output& out) {
  const bool has_more = step_ < rules.steps.size();
  if (was_signalled_ && !has_more) return then::give_up;
  if (has_more) ++step_; // newer rules may have fewer
  return ask(rules, main_is_gone, out);
}

void stop_sequence::ask_the_rest(const stop_spec& rules, process_output& out) const {
  const bool in_steps = step_ < rules.steps.size();
  const auto* signal = in_steps ? std::get_if<int>(&rules.steps[step_].how) : &rules.signal;
  if (signal != nullptr) out.emit(signal_all{*signal, /*main_only=*/false});
}

} // namespace alder::policy
