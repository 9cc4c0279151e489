#include "runtime/policy/process_machine.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace alder::policy {
namespace {

using kind = exit_reason::kind;

constexpr milliseconds first_check_again{10};
constexpr unsigned most_doublings = 16; // 10 minutes, beyond any sensible interval

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

} // namespace

exit_reason classify_exit(const service_spec& spec, exit_status status) {
  kind what = kind::crash;
  switch (status.kind) {
  case exit_status::how::exited:
    what = contains(spec.clean_exit_codes, status.value) ? kind::normal : kind::crash;
    break;
  case exit_status::how::signaled:
    what = !contains(spec.clean_signals, status.value) ? (status.value == SIGKILL ? kind::killed : kind::crash)
           : status.value == SIGTERM                   ? kind::shutdown
                                                       : kind::shutdown_term;
    break;
  case exit_status::how::unknown: break;
  }
  return {what, status, phrase(status)};
}

process_effects process_machine::handle(const process_event& e) {
  out_.clear();
  std::visit(overloaded{[&](const launch_asked&) {
                          if (phase_ != phase::fresh) return;
                          phase_ = phase::launching;
                          emit(do_launch{});
                        },
                        [&](const launched& l) { on_launched(l); },
                        [&](const launch_refused& r) {
                          if (phase_ != phase::launching) return;
                          phase_ = phase::gone;
                          emit(start_failed{r.detail});
                        },
                        [&](const launch_ignored& i) {
                          if (phase_ != phase::launching) return;
                          phase_ = phase::gone;
                          emit(start_ignored{i.detail});
                        },
                        [&](const check_answered& c) { on_check(c); }, [&](const timer_due& t) { on_timer(t.token); },
                        [&](const main_exited& x) { on_exited(x); },
                        [&](const members_gone&) {
                          const bool ending =
                              phase_ == phase::stopping || phase_ == phase::killing || phase_ == phase::sweeping;
                          if (ending && status_) finish();
                        },
                        [&](const stop_requested& s) { on_stop(s); }},
             e);
  return std::exchange(out_, {});
}

void process_machine::arm(std::uint64_t& slot, milliseconds after) {
  slot = ++last_token_;
  emit(arm_timer{slot, after});
}

void process_machine::on_launched(const launched& e) {
  if (phase_ != phase::launching) return;
  if (stop_pending_) return begin_stop();
  if (e.adopted || std::holds_alternative<std::monostate>(spec_.ready.check)) {
    phase_ = phase::running;
    starting_ = false;
    emit(start_succeeded{});
    return;
  }
  phase_ = phase::waiting;
  if (const auto* after = std::get_if<ready_after>(&spec_.ready.check)) return arm(deadline_, after->delay);
  arm(deadline_, spec_.ready.timeout);
  emit(check_ready{});
}

void process_machine::on_check(const check_answered& e) {
  if (phase_ != phase::waiting) return;
  if (!e.ready) {
    last_check_ = e.detail;
    // A program that is up quickly is seen quickly: the first tries follow each other faster than the interval.
    const auto soon = first_check_again * (1U << std::min(checks_++, most_doublings));
    return arm(next_check_, std::min(spec_.ready.interval, soon));
  }
  phase_ = phase::running;
  starting_ = false;
  emit(start_succeeded{});
}

void process_machine::on_timer(std::uint64_t token) {
  if (phase_ == phase::waiting && token == next_check_) return emit(check_ready{});
  if (token != deadline_) return; // of a phase that is over
  switch (phase_) {
  case phase::waiting:
    if (std::holds_alternative<ready_after>(spec_.ready.check)) {
      phase_ = phase::running;
      starting_ = false;
      return emit(start_succeeded{});
    }
    failure_ = "was not ready within " + format_duration(spec_.ready.timeout) +
               (last_check_.empty() ? "" : ": " + last_check_);
    return begin_stop();
  case phase::stopping: return begin_kill();
  case phase::killing:
  case phase::sweeping:
    emit(warn{"a process of it is still there " + format_duration(kill_patience) + " after SIGKILL"});
    if (!status_) status_ = exit_status{};
    return finish();
  case phase::fresh:
  case phase::launching:
  case phase::running:
  case phase::gone: return;
  }
}

void process_machine::on_exited(const main_exited& e) {
  if (phase_ == phase::gone || status_) return;
  status_ = e.status;
  if (phase_ == phase::waiting) failure_ = phrase(e.status) + " before it was ready";
  if (!e.members_left) return finish();
  if (phase_ == phase::stopping) return emit(await_members{}); // they have the rest of the stop timeout
  if (phase_ == phase::killing) return;                        // members_gone will follow
  phase_ = phase::sweeping;
  arm(deadline_, kill_patience);
  emit(kill_all{});
}

void process_machine::on_stop(const stop_requested& e) {
  if (e.how) stop_ = e.how;
  switch (phase_) {
  case phase::fresh:
    phase_ = phase::gone;
    emit(start_failed{"was stopped before it was started"});
    return;
  case phase::launching:
    stop_pending_ = true;
    if (e.cut_short || starting_) failure_ = "was stopped while it started";
    return;
  case phase::waiting: failure_ = "was stopped while it started"; return begin_stop();
  case phase::running:
    if (e.cut_short) return; // the start was over already: the stop itself follows
    asked_ = true;
    return begin_stop();
  case phase::stopping:
  case phase::killing:
  case phase::sweeping:
  case phase::gone: return;
  }
}

void process_machine::begin_stop() {
  if (stop_rules().signal == SIGKILL) return begin_kill();
  phase_ = phase::stopping;
  if (stop_rules().timeout) {
    arm(deadline_, *stop_rules().timeout);
  } else {
    deadline_ = ++last_token_; // no timer carries this token
  }
  emit(signal_all{stop_rules().signal});
}

void process_machine::begin_kill() {
  phase_ = phase::killing;
  killed_ = true;
  arm(deadline_, kill_patience);
  emit(kill_all{});
}

void process_machine::finish() {
  phase_ = phase::gone;
  if (starting_) return emit(start_failed{failure_.value_or(phrase(*status_))});
  emit(process_gone{reason()});
}

exit_reason process_machine::reason() const {
  if (!asked_) return classify_exit(spec_, *status_);
  if (killed_) {
    const bool brutal = stop_rules().signal == SIGKILL;
    return {kind::killed, *status_,
            brutal ? "was killed as configured"
                   : "did not stop within " + format_duration(*stop_rules().timeout) + " and was killed"};
  }
  const bool by_our_signal =
      *status_ == exit_status::signal(stop_rules().signal) || *status_ == exit_status::code(128 + stop_rules().signal);
  if (by_our_signal) return {kind::shutdown, *status_, phrase(*status_)};
  return classify_exit(spec_, *status_);
}

} // namespace alder::policy
