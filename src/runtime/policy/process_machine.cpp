#include "runtime/policy/process_machine.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace alder::policy {
namespace {

using kind = exit_reason::kind;

constexpr milliseconds first_check_again{10};
constexpr unsigned most_doublings = 16; // 10 minutes, beyond any sensible interval
constexpr const char* heartbeat_watched = "heartbeat";
constexpr const char* health_watched = "health";
constexpr const char* limits_watched = "limits";

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Deaths that are faults of the program whenever they happen.
bool is_fault(exit_status status) {
  constexpr std::array<int, 6> faults{SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS};
  return status.kind == exit_status::how::signaled &&
         std::find(faults.begin(), faults.end(), status.value) != faults.end();
}

/// The signals by which people and other programs ask one to end, or mean to reload it.
bool is_request(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP; }

/// What there is to say of an end that looks as if it had been asked for, and was not by us.
std::string stranger_words(const service_spec& spec, exit_status status) {
  if (status.kind == exit_status::how::exited) {
    const int signal = status.value - 128; // as shells and the JVM report it
    return is_request(signal) && !contains(spec.clean_exit_codes, status.value)
               ? " (128 + " + signal_name(signal) + ", not a stop requested through Alder)"
               : "";
  }
  if (status.kind != exit_status::how::signaled || !is_request(status.value)) return {};
  const bool stays_down =
      !spec.task && spec.restart != restart_kind::permanent && contains(spec.clean_signals, status.value);
  return std::string{", not a stop requested through Alder"} +
         (stays_down ? "; it counts as clean (clean_signals)" : "");
}

} // namespace

exit_reason classify_exit(const service_spec& spec, exit_status status) {
  kind what = kind::crash;
  switch (status.kind) {
  case exit_status::how::exited:
    if (contains(spec.fatal_exit_codes, status.value)) {
      exit_reason fatal{kind::crash, status, phrase(status) + ", which is fatal"};
      fatal.is_final = true;
      return fatal;
    }
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

process_effects process_machine::handle(const process_event& e, std::chrono::steady_clock::time_point now) {
  out_.clear();
  now_ = now;
  std::visit(overloaded{[&](const launch_asked& asked) { begin(asked); }, [&](const launched& l) { on_launched(l); },
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
                        [&](const stop_requested& s) { on_stop(s); },
                        [&](const declared_ready&) {
                          on_check({/*ready=*/true, {}});
                        },
                        [&](const heartbeat&) { on_heartbeat(); }, [&](const more_time& m) { on_more_time(m.time); },
                        [&](const declared_unwell& u) {
                          if (phase_ == phase::running) not_well(u.detail, remedy::restart, heartbeat_watched);
                        },
                        [&](const health_answered& h) { on_health(h); }, [&](const usage_sampled& u) { on_usage(u); },
                        [&](const hook_done& h) { on_hook(h); }},
             e);
  return std::exchange(out_, {});
}

void process_machine::arm(std::uint64_t& slot, milliseconds after) {
  slot = ++last_token_;
  emit(arm_timer{slot, after});
}

/// What the program asked for was about another.
void process_machine::arm_deadline(milliseconds after) {
  extended_until_.reset();
  was_extended_ = false;
  arm(deadline_, after);
}

/// However often it asks for more time, one timer is enough: the one that is due looks whether it is too early.
bool process_machine::rearm_if_extended(std::uint64_t& slot) {
  if (!extended_until_ || *extended_until_ <= now_) return false;
  was_extended_ = true;
  arm(slot, std::chrono::ceil<milliseconds>(*extended_until_ - now_));
  return true;
}

std::string process_machine::patience(milliseconds usual) const {
  return was_extended_ ? "the time it asked for" : format_duration(usual);
}

void process_machine::begin(const launch_asked& asked) {
  if (phase_ != phase::fresh) return;
  on_demand_ = asked.on_demand;
  asked_ = asked.was_stopped && !spec_.task; // what a task has done by itself is done
  if (asked.forced) {
    unwell_ = asked.forced->why;
    is_final_ = asked.forced->is_final;
  }
  phase_ = phase::preparing;
  if (!asked.takes_over && begin_hook(run_hook::moment::before_start)) return;
  phase_ = phase::launching;
  emit(do_launch{});
}

void process_machine::on_launched(const launched& e) {
  if (phase_ != phase::launching) return;
  was_launched_ = true;
  is_new_ = !e.adopted || e.waiting;
  reported_ = e.known;
  over_limit_ = reported_.count(limits_watched) > 0 ? 1 : 0;
  if (stop_pending_) return begin_stop();
  const auto& check = spec_.ready.check;
  const auto source = known_by(check);
  const bool is_done = spec_.task ? on_demand_ : source == check_source::none;
  if ((e.adopted && !e.waiting) || is_done) return on_started();
  phase_ = phase::waiting;
  if (spec_.task) {
    if (spec_.task_timeout.count() > 0) arm_deadline(e.left.value_or(spec_.task_timeout));
    return;
  }
  if (const auto* after = std::get_if<ready_after>(&check)) return arm_deadline(e.left.value_or(after->delay));
  arm_deadline(e.left.value_or(spec_.ready.timeout));
  if (source == check_source::polled) return emit(check_ready{});
  const auto* log = std::get_if<ready_log>(&check);
  last_check_ = log == nullptr ? "it sent no readiness notification" : "no line of its output matched " + log->pattern;
}

void process_machine::on_started() {
  phase_ = phase::running;
  starting_ = false;
  emit(start_succeeded{});
  if (unwell_) { // a former daemon was ending it, and has run what comes before that
    phase_ = phase::stopping;
    return next_stop_step();
  }
  begin_watching();
  if (!is_new_ || spec_.hooks.after_start.empty()) return;
  after_start_ = ++last_token_;
  arm(after_start_due_, spec_.hooks.timeout);
  emit(run_hook{run_hook::moment::after_start, after_start_});
}

void process_machine::on_check(const check_answered& e) {
  if (phase_ == phase::verifying) return on_verified(e);
  if (phase_ != phase::waiting || spec_.task) return;
  if (!e.ready) {
    last_check_ = e.detail;
    // A program that is up quickly is seen quickly: the first tries follow each other faster than the interval.
    const auto soon = first_check_again * (1U << std::min(checks_++, most_doublings));
    return arm(next_check_, std::min(spec_.ready.interval, soon));
  }
  on_started();
}

void process_machine::on_timer(std::uint64_t token) {
  if (phase_ == phase::waiting && token == next_check_) return emit(check_ready{});
  if (phase_ == phase::running) return on_watch_timer(token);
  if (token != deadline_) return; // of a phase that is over
  if (hook_ != 0) return give_up_hook();
  if ((phase_ == phase::waiting || phase_ == phase::stopping) && rearm_if_extended(deadline_)) return;
  switch (phase_) {
  case phase::waiting:
    if (known_by(spec_.ready.check) == check_source::timed) return on_started();
    failure_ = spec_.task ? "did not finish within " + patience(spec_.task_timeout)
                          : "was not ready within " + patience(spec_.ready.timeout) +
                                (last_check_.empty() ? "" : ": " + last_check_);
    return begin_stop();
  case phase::verifying:
    return on_verified({/*ready=*/false, "no answer within " + format_duration(spec_.ready.timeout)});
  case phase::stopping:
    if (stop_step_ >= stop_rules().steps.size()) {
      if (status_ && !asked_ && !unwell_)
        emit(warn{"its remaining processes did not stop within " + patience(*stop_rules().timeout) +
                  " and were killed"});
      return begin_kill();
    }
    ++stop_step_;
    return next_stop_step();
  case phase::killing:
  case phase::sweeping:
    emit(warn{"one of its processes still exists " + format_duration(kill_patience) + " after SIGKILL"});
    if (!status_) status_ = exit_status{};
    return finish();
  case phase::fresh:
  case phase::preparing:
  case phase::launching:
  case phase::running:
  case phase::cleaning:
  case phase::gone: return;
  }
}

void process_machine::on_exited(const main_exited& e) {
  if (phase_ == phase::gone || status_) return;
  status_ = e.status;
  kernel_words_ = e.kernel_words;
  if (phase_ == phase::waiting) on_waiting_exit(e.status);
  const bool hook_over = hook_ != 0; // before its stop, which is over
  if (hook_over) {
    emit(cancel_hook{std::exchange(hook_, 0)});
    if (e.members_left) next_stop_step();
  }
  if (!e.members_left) return finish();
  if (phase_ == phase::killing) return; // members_gone will follow
  if (phase_ == phase::stopping) {      // they have the rest of the stop timeout
    if (stop_rules().main_only && !hook_over) ask_the_rest();
    if (phase_ == phase::stopping) emit(await_members{});
    return;
  }
  if (health_token_ != 0) emit(cancel_health{});
  health_token_ = 0;
  if (stop_rules().kill_leftovers || stop_rules().signal == SIGKILL) return sweep();
  phase_ = phase::stopping;
  stop_step_ = 0;
  next_stop_step();
  emit(await_members{});
}

void process_machine::sweep() {
  phase_ = phase::sweeping;
  arm_deadline(kill_patience);
  emit(kill_all{});
}

/// The stop went to the main process alone, so those that it left behind have not heard of it.
void process_machine::ask_the_rest() {
  const auto& stop = stop_rules();
  if (stop.kill_leftovers) return sweep();
  const bool in_steps = stop_step_ < stop.steps.size();
  const auto* signal = in_steps ? std::get_if<int>(&stop.steps[stop_step_].how) : &stop.signal;
  if (signal != nullptr) emit(signal_all{*signal, /*main_only=*/false});
}

void process_machine::on_waiting_exit(const exit_status& status) {
  if (!spec_.task) {
    failure_ = phrase(status) + " before it was ready" + (kernel_words_.empty() ? "" : ": " + kernel_words_);
  } else if (const auto how = seen(); how.what != kind::normal) {
    failure_ = how.detail;
  }
}

void process_machine::on_stop(const stop_requested& e) {
  if (e.how) stop_ = e.how;
  switch (phase_) {
  case phase::fresh:
    phase_ = phase::gone;
    emit(start_failed{"was stopped before starting"});
    return;
  case phase::preparing:
    emit(cancel_hook{std::exchange(hook_, 0)});
    phase_ = phase::gone;
    emit(start_failed{"was stopped while starting"});
    return;
  case phase::launching:
    stop_pending_ = true;
    if (e.cut_short || starting_) failure_ = "was stopped while starting";
    return;
  case phase::waiting: failure_ = "was stopped while starting"; return begin_stop();
  case phase::running:
    if (e.cut_short) return; // the start was over already: the stop itself follows
    asked_ = true;
    return begin_stop();
  case phase::stopping:
  case phase::killing:
  case phase::sweeping:
  case phase::cleaning:
    if (unwell_ && !e.cut_short) asked_ = true; // it is on its way out already, and now on request
    return;
  case phase::verifying:
    if (starting_) failure_ = "was stopped while starting";
    asked_ = asked_ || !e.cut_short;
    verified_ = true;
    return finish();
  case phase::gone: return;
  }
}

// -- while it runs

void process_machine::begin_watching() {
  if (const auto& beats = spec_.heartbeat) arm(beat_, beats->interval * beats->missed);
  if (const auto& health = spec_.health) arm(health_due_, health->delay.count() > 0 ? health->delay : health->interval);
  if (spec_.limits.any()) arm(usage_due_, spec_.limits.interval);
  if (spec_.task && spec_.task_timeout.count() > 0) arm(task_due_, spec_.task_timeout);
}

void process_machine::on_heartbeat() {
  if (phase_ != phase::running || !spec_.heartbeat) return;
  on_last_chance_ = false;
  extended_until_.reset();
  arm(beat_, spec_.heartbeat->interval * spec_.heartbeat->missed);
  well_again(heartbeat_watched);
}

void process_machine::on_more_time(milliseconds time) {
  const bool before_deadline = phase_ == phase::waiting || (phase_ == phase::stopping && hook_ == 0);
  if (!before_deadline && (phase_ != phase::running || !spec_.heartbeat)) return;
  extended_until_ = std::max(extended_until_.value_or(now_ + time), now_ + time);
}

void process_machine::on_watch_timer(std::uint64_t token) {
  if (token == beat_) {
    if (rearm_if_extended(beat_)) return void(on_last_chance_ = false);
    if (!std::exchange(on_last_chance_, true)) return arm(beat_, last_chance);
    const auto& beats = *spec_.heartbeat;
    return not_well("sent no heartbeat for " + format_duration(beats.interval * beats.missed), beats.then,
                    heartbeat_watched);
  }
  if (token == health_due_) {
    health_token_ = ++last_token_;
    arm(health_deadline_, spec_.health->timeout);
    return emit(check_health{health_token_});
  }
  if (token == health_deadline_ && health_token_ != 0) {
    emit(cancel_health{});
    return on_health(
        {health_token_, /*good=*/false, "did not answer within " + format_duration(spec_.health->timeout)});
  }
  if (token == after_start_due_ && after_start_ != 0) {
    emit(cancel_hook{after_start_});
    return on_hook({after_start_, "took longer than " + format_duration(spec_.hooks.timeout)});
  }
  if (token == task_due_)
    return not_well("did not finish within " + format_duration(spec_.task_timeout), remedy::fail, limits_watched);
  if (token != usage_due_) return;
  arm(usage_due_, spec_.limits.interval);
  emit(sample_usage{});
}

void process_machine::on_health(const health_answered& e) {
  if (phase_ != phase::running || !spec_.health || e.token != health_token_) return;
  health_token_ = 0;
  const auto& health = *spec_.health;
  if (e.good) {
    health_failures_ = 0;
    if (++health_successes_ >= health.successes) well_again(health_watched);
  } else {
    health_successes_ = 0;
    if (++health_failures_ >= health.failures)
      not_well("failed its health check " + std::to_string(health_failures_) + " times: " + e.detail, health.then,
               health_watched);
  }
  if (phase_ == phase::running) arm(health_due_, health.interval);
}

void process_machine::on_usage(const usage_sampled& e) {
  const auto& limits = spec_.limits;
  if (phase_ != phase::running || !limits.any()) return;
  const double share = over_limit_ > 0 ? usage_hysteresis : 1.0;
  const bool memory = limits.memory > 0 && static_cast<double>(e.memory) > static_cast<double>(limits.memory) * share;
  const bool cpu = limits.cpu > 0 && e.cpu > limits.cpu * share;
  if (!memory && !cpu) {
    if (std::exchange(over_limit_, 0) > 0) well_again(limits_watched);
    return;
  }
  if (limits.interval * over_limit_++ < limits.grace) return;
  const auto percent = [](double processors) { return std::to_string(static_cast<long>(processors * 100)) + "%"; };
  not_well(memory ? "used " + format_size(e.memory) + " of memory, more than its limit of " + format_size(limits.memory)
                  : "used " + percent(e.cpu) + " of a processor, more than its limit of " + percent(limits.cpu),
           limits.then, limits_watched);
}

void process_machine::not_well(const std::string& why, remedy then, const std::string& about) {
  if (then == remedy::report) {
    if (!reported_.emplace(about, why).second) return;
    emit(warn{why});
    return emit(health_changed{why, reported_});
  }
  unwell_ = why;
  is_final_ = then == remedy::fail;
  emit(health_changed{why, reported_});
  begin_stop();
}

/// What else there is against it still holds.
void process_machine::well_again(const std::string& about) {
  if (reported_.erase(about) == 0) return;
  emit(health_changed{reported_.empty() ? std::string{} : reported_.begin()->second, reported_});
}

// -- its end

void process_machine::begin_stop() {
  if (health_token_ != 0) emit(cancel_health{});
  health_token_ = 0;
  stop_step_ = 0;
  const bool was_up = phase_ == phase::running;
  phase_ = phase::stopping;
  if (was_up && begin_hook(run_hook::moment::before_stop)) return;
  next_stop_step();
}

// -- hooks

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

/// Whether there is such a hook; then what follows waits for it.
bool process_machine::begin_hook(run_hook::moment when) {
  if (command_of(spec_.hooks, when).empty()) return false;
  hook_moment_ = when;
  hook_ = ++last_token_;
  arm_deadline(spec_.hooks.timeout);
  emit(run_hook{when, hook_});
  return true;
}

void process_machine::give_up_hook() {
  emit(cancel_hook{hook_});
  end_hook("took longer than " + format_duration(spec_.hooks.timeout));
}

void process_machine::on_hook(const hook_done& e) {
  if (e.token != 0 && e.token == hook_) return end_hook(e.failure);
  if (e.token == 0 || e.token != after_start_) return;
  after_start_ = 0;
  if (!e.failure.empty()) emit(warn{"its hook after_start failed: " + e.failure});
}

/// Only the start depends on how its hook ends.
void process_machine::end_hook(const std::string& failure) {
  hook_ = 0;
  const auto text = "its hook " + std::string{word(hook_moment_)} + " failed: " + failure;
  if (phase_ == phase::preparing) {
    phase_ = failure.empty() ? phase::launching : phase::gone;
    return failure.empty() ? emit(do_launch{}) : emit(start_failed{text});
  }
  if (!failure.empty()) emit(warn{text});
  if (phase_ == phase::cleaning) return finish();
  if (phase_ == phase::stopping) next_stop_step();
}

void process_machine::next_stop_step() {
  const auto& stop = stop_rules();
  // A command and a message are for the main process.
  while (status_ && stop_step_ < stop.steps.size() && !std::holds_alternative<int>(stop.steps[stop_step_].how))
    ++stop_step_;
  const bool main_only = stop.main_only && !status_;
  if (stop_step_ < stop.steps.size()) {
    const auto& step = stop.steps[stop_step_];
    arm_deadline(step.wait);
    return std::visit(overloaded{[&](int signal) {
                                   emit(signal_all{signal, main_only});
                                 },
                                 [&](const std::vector<std::string>& command) {
                                   emit(run_stop_command{stop_step_, command});
                                 },
                                 [&](const stop_step::message&) { emit(ask_to_shut_down{}); }},
                      step.how);
  }
  if (stop.signal == SIGKILL) return begin_kill();
  if (stop.timeout) {
    arm_deadline(*stop.timeout);
  } else {
    deadline_ = ++last_token_; // no timer carries this token
  }
  emit(signal_all{stop.signal, main_only});
}

void process_machine::begin_kill() {
  phase_ = phase::killing;
  killed_ = true;
  arm(deadline_, kill_patience); // with what is known of the deadline that has passed
  emit(kill_all{});
}

void process_machine::finish() {
  if (after_start_ != 0) emit(cancel_hook{std::exchange(after_start_, 0)});
  if (did_its_task() && !verified_ && known_by(spec_.ready.check) != check_source::none) return verify();
  if (was_launched_ && !std::exchange(is_cleaned_, true)) {
    phase_ = phase::cleaning;
    if (begin_hook(run_hook::moment::after_exit)) return;
  }
  phase_ = phase::gone;
  if (starting_ && did_its_task()) {
    starting_ = false;
    emit(start_succeeded{});
  }
  if (starting_) return emit(start_failed{failure_.value_or(phrase(*status_))});
  if (asked_ && !killed_ && (is_fault(*status_) || !kernel_words_.empty()))
    emit(warn{seen().detail + " while it was being stopped"});
  emit(process_gone{reason()});
}

bool process_machine::did_its_task() const {
  return spec_.task && !failure_ && !unwell_ && !asked_ && classify_exit(spec_, *status_).what == kind::normal;
}

/// It ended well; what it was to bring about is looked for once.
void process_machine::verify() {
  phase_ = phase::verifying;
  arm_deadline(spec_.ready.timeout);
  emit(check_ready{});
}

void process_machine::on_verified(const check_answered& e) {
  verified_ = true;
  if (!e.ready) {
    const auto why = phrase(*status_) + ", but its check failed: " + e.detail;
    if (starting_) {
      failure_ = why;
    } else {
      unwell_ = why;
      is_final_ = true;
    }
  }
  finish();
}

/// With what the kernel says about it.
exit_reason process_machine::seen() const {
  auto how = classify_exit(spec_, *status_);
  if (!asked_) how.detail += stranger_words(spec_, *status_);
  if (!kernel_words_.empty()) how.detail += ": " + kernel_words_;
  return how;
}

exit_reason process_machine::reason() const {
  if (unwell_ && !asked_) {
    exit_reason sick{kind::crash, *status_, *unwell_};
    sick.is_final = is_final_;
    return sick;
  }
  if (!asked_) {
    auto how = seen();
    if (spec_.task && how.what != kind::normal) { // it runs again when it is wanted again
      if (is_clean(how)) how.what = kind::crash;
      how.is_final = true;
    }
    return how;
  }
  if (killed_) {
    const bool brutal = stop_rules().signal == SIGKILL;
    return {kind::killed, *status_,
            brutal ? "was killed as configured"
                   : "did not stop within " + patience(*stop_rules().timeout) + " and was killed"};
  }
  // How it ends when it was asked to is its own affair: java says 143, lighttpd 1, haproxy 130. A fault is not: OTP
  // reports a crash during a shutdown, too.
  const auto how = seen();
  if (is_fault(*status_)) return how;
  return {how.what == kind::normal ? kind::normal : kind::shutdown, *status_, how.detail};
}

} // namespace alder::policy
