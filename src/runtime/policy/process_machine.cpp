#include "runtime/policy/process_machine.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/policy/start_terms.hpp"

#include <algorithm>
#include <csignal>
#include <type_traits>
#include <utility>

namespace alder::policy {
namespace {

using exit_kind = exit_reason::kind;

constexpr milliseconds first_check_again{10};
constexpr unsigned most_doublings = 16; // 10 minutes, beyond any sensible interval
constexpr const char* stopped_while_starting = "was stopped while starting";

} // namespace

process_effects process_machine::handle(const process_event& e, std::chrono::steady_clock::time_point now) {
  static_assert(std::variant_size_v<state> == static_cast<std::size_t>(phase::gone) + 1);
  static_assert(std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(phase::cleaning), state>, cleaning>);
  out_.begin(now);
  std::visit(overloaded{[&](const launch_asked& asked) { begin(asked); }, [&](const launched& l) { on_launched(l); },
                        [&](const launch_refused& r) {
                          if (std::holds_alternative<launching>(state_)) fail_start(r.detail);
                        },
                        [&](const launch_ignored& i) {
                          if (!std::holds_alternative<launching>(state_)) return;
                          state_ = gone{};
                          emit(start_ignored{i.detail});
                        },
                        [&](const check_answered& c) { on_check(c); }, [&](const timer_due& t) { on_timer(t); },
                        [&](const main_exited& x) { on_exited(x); },
                        [&](const members_gone&) {
                          const auto in = now_in();
                          const bool ending = in == phase::stopping || in == phase::killing || in == phase::sweeping;
                          if (ending && end_.status) finish();
                        },
                        [&](const stop_requested& s) { on_stop(s); },
                        [&](const declared_ready&) {
                          on_check({/*ready=*/true, {}});
                        },
                        [&](const heartbeat&) {
                          if (auto* r = std::get_if<running>(&state_)) r->signs.on_heartbeat(out_);
                        },
                        [&](const more_time& m) { on_more_time(m.time); },
                        [&](const declared_unwell& u) {
                          while_running([&](vital_signs& signs) { return signs.on_unwell(u.detail, out_); });
                        },
                        [&](const health_answered& h) {
                          while_running([&](vital_signs& signs) { return signs.on_health(h, out_); });
                        },
                        [&](const usage_sampled& u) {
                          while_running([&](vital_signs& signs) { return signs.on_usage(u, out_); });
                        },
                        [&](const hook_done& h) { on_hook(h); }},
             e);
  return out_.take();
}

// -- its start

void process_machine::begin(const launch_asked& asked) {
  if (!std::holds_alternative<fresh>(state_)) return;
  end_.asked = asked.was_stopped && !spec_.task; // what a task has done by itself is done
  end_.forced = asked.forced;
  const auto hook =
      asked.takes_over ? std::nullopt : hook_turn::begin(spec_.hooks, run_hook::moment::before_start, out_);
  if (!hook) return launch(asked.on_demand);
  state_ = preparing{*hook, asked.on_demand};
}

void process_machine::launch(bool on_demand) {
  state_ = launching{on_demand};
  emit(do_launch{});
}

void process_machine::fail_start(std::string why) {
  state_ = gone{};
  emit(start_failed{std::move(why)});
}

void process_machine::on_launched(const launched& e) {
  const auto* now = std::get_if<launching>(&state_);
  if (now == nullptr) return;
  was_launched_ = true;
  if (now->must_stop) return begin_stop();
  const bool was_ready = e.adopted && !e.waiting;
  if (was_ready || !awaits_more(spec_, now->on_demand)) return on_started(e.known, std::nullopt, /*is_new=*/!was_ready);
  await_readiness(e);
}

void process_machine::await_readiness(const launched& e) {
  auto& now = state_.emplace<waiting>();
  now.known = e.known;
  if (spec_.task) {
    if (spec_.task_timeout.count() > 0) now.limit.arm(e.left.value_or(spec_.task_timeout), out_);
    return;
  }
  const auto& check = spec_.ready.check;
  const auto* after = std::get_if<ready_after>(&check);
  now.limit.arm(e.left.value_or(after != nullptr ? after->delay : spec_.ready.timeout), out_);
  switch (known_by(check)) {
  case check_source::none:
  case check_source::timed: return;
  case check_source::polled: return emit(check_ready{});
  case check_source::told: {
    const auto* log = std::get_if<ready_log>(&check);
    now.last_check =
        log == nullptr ? "it sent no readiness notification" : "no line of its output matched " + log->pattern;
    return;
  }
  }
}

/// `is_new`: it was not ready before this daemon came.
void process_machine::on_started(complaints known, std::optional<deadline::time_point> extended_until, bool is_new) {
  starting_ = false;
  auto& now = state_.emplace<running>(running{{spec_, std::move(known), extended_until}});
  emit(start_succeeded{});
  if (end_.forced) { // a former daemon was ending it, and has run what comes before that
    state_ = stopping{};
    return ask_to_stop();
  }
  now.signs.begin(out_);
  if (is_new) after_start_ = hook_turn::begin(spec_.hooks, run_hook::moment::after_start, out_);
}

void process_machine::on_check(const check_answered& e) {
  if (std::holds_alternative<verifying>(state_)) return on_verified(e.ready, e.detail);
  auto* now = std::get_if<waiting>(&state_);
  if (now == nullptr || spec_.task) return;
  if (e.ready) return on_started(std::move(now->known), now->limit.extended_until(), /*is_new=*/true);
  now->last_check = e.detail;
  // A program that is up quickly is seen quickly: the first tries follow each other faster than the interval.
  const auto soon = first_check_again * (1U << std::min(now->checks++, most_doublings));
  now->next_check = out_.arm(std::min(spec_.ready.interval, soon));
}

// -- while it runs

template <class Ask> void process_machine::while_running(const Ask& ask) {
  if (auto* now = std::get_if<running>(&state_)) on_verdict(ask(now->signs));
}

void process_machine::on_verdict(vital_signs::verdict end) {
  if (!end) return;
  end_.forced = std::move(end);
  begin_stop();
}

// -- time

void process_machine::on_timer(const timer_due& timer) {
  std::visit(overloaded{[](fresh&) {},
                        [&](preparing& now) {
                          const auto was = now;
                          if (const auto failure = was.hook.ended_by(timer, out_)) on_prepared(was, *failure);
                        },
                        [](launching&) {}, [&](waiting& now) { on_waiting_timer(now, timer.token); },
                        [&](running& now) { on_running_timer(now, timer); },
                        [&](stopping& now) { on_stopping_timer(now, timer); },
                        [&](killing& now) {
                          if (timer.token == now.limit) give_up_members();
                        },
                        [&](sweeping& now) {
                          if (timer.token == now.limit) give_up_members();
                        },
                        [&](verifying& now) {
                          if (timer.token != now.limit) return;
                          on_verified(/*good=*/false, "no answer within " + format_duration(spec_.ready.timeout));
                        },
                        [&](cleaning& now) {
                          const auto was = now;
                          if (const auto failure = was.hook.ended_by(timer, out_)) on_cleaned(was, *failure);
                        },
                        [](gone&) {}},
             state_);
}

void process_machine::on_waiting_timer(waiting& now, std::uint64_t token) {
  if (token == now.next_check) return emit(check_ready{});
  if (!now.limit.is(token) || now.limit.is_put_off(out_)) return;
  if (!spec_.task && known_by(spec_.ready.check) == check_source::timed)
    return on_started(std::move(now.known), now.limit.extended_until(), /*is_new=*/true);
  failure_ = spec_.task ? "did not finish within " + now.limit.patience(spec_.task_timeout)
                        : "was not ready within " + now.limit.patience(spec_.ready.timeout) +
                              (now.last_check.empty() ? "" : ": " + now.last_check);
  begin_stop();
}

void process_machine::on_running_timer(running& now, const timer_due& timer) {
  if (after_start_)
    if (const auto failure = after_start_->ended_by(timer, out_)) return on_after_start(*failure);
  on_verdict(now.signs.on_timer(timer.token, out_));
}

void process_machine::on_stopping_timer(stopping& now, const timer_due& timer) {
  if (now.hook) {
    if (const auto failure = now.hook->ended_by(timer, out_)) on_stop_hook_over(now, *failure);
    return;
  }
  if (!now.asked.is_over(timer.token, out_)) return;
  const auto then = now.asked.ask_next(stop_rules(), end_.status.has_value(), out_);
  if (then == stop_sequence::then::wait) return;
  if (then == stop_sequence::then::give_up && end_.status && !end_.asked && !end_.forced)
    emit(warn{"its remaining processes did not stop within " + now.asked.patience() + " and were killed"});
  begin_kill();
}

void process_machine::give_up_members() {
  emit(warn{"one of its processes still exists " + format_duration(kill_patience) + " after SIGKILL"});
  if (!end_.status) end_.status = exit_status{};
  finish();
}

void process_machine::on_more_time(milliseconds time) {
  if (auto* r = std::get_if<running>(&state_)) return r->signs.on_more_time(time, out_);
  if (auto* w = std::get_if<waiting>(&state_)) return w->limit.extend(time, out_);
  auto* s = std::get_if<stopping>(&state_);
  if (s != nullptr && !s->hook) s->asked.extend(time, out_);
}

// -- hooks

void process_machine::on_hook(const hook_done& e) {
  if (after_start_)
    if (const auto failure = after_start_->ended_by(e)) return on_after_start(*failure);
  if (const auto* p = std::get_if<preparing>(&state_)) {
    const auto was = *p;
    if (const auto failure = was.hook.ended_by(e)) on_prepared(was, *failure);
  } else if (auto* s = std::get_if<stopping>(&state_)) {
    if (const auto failure = s->hook ? s->hook->ended_by(e) : std::nullopt) on_stop_hook_over(*s, *failure);
  } else if (const auto* c = std::get_if<cleaning>(&state_)) {
    const auto was = *c;
    if (const auto failure = was.hook.ended_by(e)) on_cleaned(was, *failure);
  }
}

/// Only the start depends on how its hook ends.
void process_machine::on_prepared(const preparing& was, const std::string& failure) {
  if (!failure.empty()) return fail_start(was.hook.trouble(failure));
  launch(was.on_demand);
}

void process_machine::on_stop_hook_over(stopping& now, const std::string& failure) {
  if (!failure.empty()) emit(warn{now.hook->trouble(failure)});
  now.hook.reset();
  ask_to_stop();
}

void process_machine::on_cleaned(const cleaning& was, const std::string& failure) {
  if (!failure.empty()) emit(warn{was.hook.trouble(failure)});
  conclude();
}

void process_machine::on_after_start(const std::string& failure) {
  if (!failure.empty()) emit(warn{after_start_->trouble(failure)});
  after_start_.reset();
}

// -- its stop

void process_machine::on_stop(const stop_requested& e) {
  if (e.how) stop_ = e.how;
  const auto on_its_way_out = [&] { // and now on request
    if (end_.forced && !e.cut_short) end_.asked = true;
  };
  std::visit(overloaded{[&](fresh&) { fail_start("was stopped before starting"); },
                        [&](preparing& now) {
                          now.hook.cancel(out_);
                          fail_start(stopped_while_starting);
                        },
                        [&](launching& now) {
                          now.must_stop = true;
                          failure_ = stopped_while_starting;
                        },
                        [&](waiting&) {
                          failure_ = stopped_while_starting;
                          begin_stop();
                        },
                        [&](running&) {
                          if (e.cut_short) return; // the start was over already: the stop itself follows
                          end_.asked = true;
                          begin_stop();
                        },
                        [&](stopping&) { on_its_way_out(); }, [&](killing&) { on_its_way_out(); },
                        [&](sweeping&) { on_its_way_out(); }, [&](cleaning&) { on_its_way_out(); },
                        [&](verifying&) {
                          if (starting_) failure_ = stopped_while_starting;
                          end_.asked = end_.asked || !e.cut_short;
                          clean_up();
                        },
                        [](gone&) {}},
             state_);
}

void process_machine::begin_stop() {
  auto* was_up = std::get_if<running>(&state_);
  if (was_up != nullptr) was_up->signs.end(out_);
  const bool has_hook = was_up != nullptr;
  auto& now = state_.emplace<stopping>();
  if (has_hook) now.hook = hook_turn::begin(spec_.hooks, run_hook::moment::before_stop, out_);
  if (!now.hook) ask_to_stop();
}

void process_machine::ask_to_stop() {
  auto& now = std::get<stopping>(state_);
  if (now.asked.ask(stop_rules(), end_.status.has_value(), out_) == stop_sequence::then::kill) begin_kill();
}

void process_machine::begin_kill() {
  end_.killed_after = std::get<stopping>(state_).asked.patience();
  state_ = killing{out_.arm(kill_patience)};
  emit(kill_all{});
}

void process_machine::sweep() {
  state_ = sweeping{out_.arm(kill_patience)};
  emit(kill_all{});
}

// -- its end

void process_machine::on_exited(const main_exited& e) {
  if (std::holds_alternative<gone>(state_) || end_.status) return;
  end_.status = e.status;
  end_.kernel_words = e.kernel_words;
  if (std::holds_alternative<waiting>(state_)) end_waiting(e.status);
  const bool hook_is_over = std::visit(overloaded{[&](auto&) { return false; },
                                                  [&](stopping& now) { // the hook before its stop, which is over
                                                    if (now.hook) now.hook->cancel(out_);
                                                    return std::exchange(now.hook, std::nullopt).has_value();
                                                  }},
                                       state_);
  if (!e.members_left) return finish();
  stop_the_rest(hook_is_over);
}

void process_machine::end_waiting(exit_status status) {
  if (!spec_.task) {
    failure_ = phrase(status) + " before it was ready" + (end_.kernel_words.empty() ? "" : ": " + end_.kernel_words);
  } else if (const auto how = seen_as(spec_, end_); how.what != exit_kind::normal) {
    failure_ = how.detail;
  }
}

/// The main process has ended, and others are left.
void process_machine::stop_the_rest(bool hook_is_over) {
  if (std::holds_alternative<killing>(state_)) return; // members_gone will follow
  if (auto* now = std::get_if<stopping>(&state_)) {    // they have the rest of the stop timeout
    if (hook_is_over)
      ask_to_stop();
    else if (stop_rules().main_only && stop_rules().kill_leftovers)
      return sweep();
    else if (stop_rules().main_only)
      now->asked.ask_the_rest(stop_rules(), out_);
    if (std::holds_alternative<stopping>(state_)) emit(await_members{});
    return;
  }
  if (auto* was = std::get_if<running>(&state_)) was->signs.end(out_);
  if (stop_rules().kill_leftovers || stop_rules().signal == SIGKILL) return sweep();
  state_ = stopping{};
  ask_to_stop();
  emit(await_members{});
}

/// Nothing of it is left.
void process_machine::finish() {
  if (after_start_) after_start_->cancel(out_);
  after_start_.reset();
  if (did_its_task() && known_by(spec_.ready.check) != check_source::none) return verify();
  clean_up();
}

/// It ended well; what it was to bring about is looked for once.
void process_machine::verify() {
  state_ = verifying{out_.arm(spec_.ready.timeout)};
  emit(check_ready{});
}

void process_machine::on_verified(bool good, const std::string& why) {
  const auto fault = phrase(*end_.status) + ", but its check failed: " + why;
  if (!good && starting_) failure_ = fault;
  if (!good && !starting_) end_.forced = forced_end{fault, /*is_final=*/true};
  clean_up();
}

void process_machine::clean_up() {
  const auto hook = was_launched_ ? hook_turn::begin(spec_.hooks, run_hook::moment::after_exit, out_) : std::nullopt;
  if (!hook) return conclude();
  state_ = cleaning{*hook};
}

void process_machine::conclude() {
  state_ = gone{};
  if (starting_ && did_its_task()) {
    starting_ = false;
    emit(start_succeeded{});
  }
  if (starting_) return emit(start_failed{failure_.value_or(phrase(*end_.status))});
  if (auto fault = fault_in_stop(spec_, end_)) emit(warn{std::move(*fault)});
  emit(process_gone{reason_of(spec_, stop_rules(), end_)});
}

bool process_machine::did_its_task() const {
  return spec_.task && !failure_ && !end_.forced && !end_.asked &&
         classify_exit(spec_, *end_.status).what == exit_kind::normal;
}

} // namespace alder::policy
