#include "runtime/policy/supervision.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace alder::policy {
namespace {

using phase = child_state::phase;
using reason_kind = exit_reason::kind;

bool stops(call::op what) {
  return what == call::op::terminate_child || what == call::op::stop_child || what == call::op::stop_and_start ||
         what == call::op::stop_and_delete;
}

/// OTP's do_terminate: what is worth a shutdown_error report.
bool is_expected_stop(const child_rules& rules, const exit_reason& reason) {
  const auto expected = rules.brutal_kill ? reason_kind::killed : reason_kind::shutdown;
  return reason.what == expected || (rules.restart != restart_kind::permanent && is_clean(reason));
}

} // namespace

supervision::supervision(supervisor_rules rules, std::vector<child_rules> children, std::optional<child_rules> pool)
    : rules_(rules), template_(std::move(pool)) {
  for (auto& child : children)
    add(std::move(child));
}

void supervision::recall(const std::string& id, alder::generation generation) {
  auto* child = find(id);
  if (child == nullptr) return;
  child->generation = std::max(child->generation, generation);
  touch(*child);
}

effects supervision::handle(event e, time_point now, double random) {
  now_ = now;
  random_ = random;
  out_.clear();
  if (ended_) {
    refuse(e);
  } else if (!busy()) {
    begin_event(e);
    proceed();
  } else if (consume(e)) {
    proceed();
  } else {
    cut_start_short(e);
    stop_waits_ = stop_waits_ || std::holds_alternative<stop_asked>(e);
    stash(std::move(e));
  }
  return std::exchange(out_, {});
}

void supervision::stash(event e) {
  const auto* gone = std::get_if<child_gone>(&e);
  const std::string id = gone == nullptr ? std::string{} : gone->id;
  const auto place = stash_.insert(stash_.end(), std::move(e));
  if (!id.empty()) stashed_exits_[id] = place;
}

/// There is nobody any more who could serve this.
void supervision::refuse(const event& e) {
  if (const auto* c = std::get_if<call>(&e)) answer(c->token, "noproc");
  if (const auto* u = std::get_if<upgrade>(&e)) answer(u->token, "noproc");
  if (const auto* q = std::get_if<question>(&e)) emit(children_told{q->token, /*gone=*/true, {}});
}

/// Whether the event is what the machine waits for. A stale answer is swallowed: nobody waits for it.
bool supervision::consume(const event& e) {
  if (const auto* result = std::get_if<start_result>(&e)) {
    if (std::holds_alternative<group_wait>(wait_)) {
      on_group_result(*result);
      return true;
    }
    const auto* waiting = std::get_if<start_step>(&wait_);
    const auto* child = waiting != nullptr && waiting->id == result->id ? find(result->id) : nullptr;
    if (child == nullptr || child->generation != result->generation) return true;
    const start_step s = *waiting;
    wait_ = std::monostate{};
    on_start_result(s, *result);
    return true;
  }
  if (const auto* gone = std::get_if<child_gone>(&e)) {
    auto* pool = std::get_if<pool_wait>(&wait_);
    const auto* waiting = std::get_if<stop_step>(&wait_);
    const bool awaited =
        pool != nullptr ? pool->left.count(gone->id) > 0 : waiting != nullptr && waiting->id == gone->id;
    auto* child = awaited ? find(gone->id) : nullptr;
    if (child == nullptr || child->generation != gone->generation) return false;
    if (pool != nullptr) {
      on_instance_gone(*pool, *child, gone->reason);
      return true;
    }
    const stop_step s = *waiting;
    wait_ = std::monostate{};
    on_stop_done(s, gone->reason);
    return true;
  }
  if (const auto* given = std::get_if<verdict_given>(&e)) {
    if (std::holds_alternative<verdict_wait>(wait_)) on_verdict(given->verdict);
    return true;
  }
  return false;
}

void supervision::cut_start_short(const event& e) {
  if (rules_.finish_starts) return;
  const auto* c = std::get_if<call>(&e);
  const auto* end = std::get_if<stop_asked>(&e);
  const auto stops_it = [&](const std::string& id) {
    if (end != nullptr) return true;
    const bool is_it = c != nullptr && stops(c->what) && c->id == id;
    return is_it && !(c->seen && find(id)->generation > *c->seen); // else this very start is what it asks for
  };
  const auto cut = [&](const start_step& starting) {
    if (stops_it(starting.id))
      emit(abort_start{starting.id, find(starting.id)->generation, end != nullptr ? end->why : c->why});
  };
  if (const auto* one = std::get_if<start_step>(&wait_)) cut(*one);
  if (const auto* group = std::get_if<group_wait>(&wait_)) {
    for (const auto& [id, starting] : group->starting)
      cut(starting);
  }
}

bool supervision::resumes(start_mode mode) {
  return mode == start_mode::resume || mode == start_mode::resume_initial || mode == start_mode::resume_request ||
         mode == start_mode::resume_to_stop;
}

bool supervision::is_asked_for(start_mode mode) {
  return mode == start_mode::request || mode == start_mode::resume_request || mode == start_mode::addition;
}

bool supervision::is_initial(start_mode mode) {
  return mode == start_mode::initial || mode == start_mode::resume_initial;
}

start_child::how supervision::how_to(start_mode mode) {
  if (mode == start_mode::resume_to_stop) return start_child::how::only_running;
  return resumes(mode) ? start_child::how::resume : start_child::how::fresh;
}

/// Carries the plan on until it has to wait, then takes what was stashed, in order.
void supervision::proceed() {
  while (!ended_ && std::holds_alternative<std::monostate>(wait_)) {
    if (!plan_.empty()) {
      step next = std::move(plan_.front());
      plan_.pop_front();
      run(std::move(next));
      continue;
    }
    if (std::exchange(work_, std::nullopt)) note_change(); // nothing is left of it
    if (!stash_.empty()) {
      const event next = std::move(stash_.front());
      if (const auto* gone = std::get_if<child_gone>(&next)) {
        const auto last = stashed_exits_.find(gone->id);
        if (last != stashed_exits_.end() && last->second == stash_.begin()) stashed_exits_.erase(last);
      }
      stash_.pop_front();
      begin_event(next);
    } else {
      return;
    }
  }
  if (!ended_) return;
  for (const auto& left : stash_)
    refuse(left);
  stash_.clear();
  stashed_exits_.clear();
}

void supervision::begin_event(const event& e) {
  std::visit(
      overloaded{[&](const begin& b) { on_begin(b); }, [&](const start_result&) {}, // stale: nobody waits for it
                 [&](const child_gone& g) { on_child_gone(g); }, [&](const retry& r) { on_retry(r); },
                 [&](const verdict_given&) {}, // likewise
                 [&](const stop_asked& s) {
                   stop_everything(s.why, {supervisor_ended{{reason_kind::shutdown, {}, "was asked to stop"}, s.why}});
                 },
                 [&](const call& c) { on_call(c); }, [&](const upgrade& u) { on_upgrade(u); },
                 [&](const question& q) {
                   emit(children_told{q.token, /*gone=*/false, {children_.begin(), children_.end()}});
                 }},
      e);
}

void supervision::run(step s) {
  std::visit(
      overloaded{[&](const start_step& start) { run_start(start); }, [&](const group_step& group) { run_group(group); },
                 [&](const stop_step& stop) { run_stop(stop); }, [&](const stop_all_step& stop) { run_stop_all(stop); },
                 [&](const settle_step& settled) {
                   auto* child = find(settled.id);
                   if (child != nullptr) child->stopped_on_request = true;
                   emit(child_settled{settled.id, settled.why, /*finished=*/false, child == nullptr});
                 },
                 [&](const delete_step& gone) { remove(gone.id); },
                 [&](const effect_step& only) {
                   if (std::holds_alternative<work_resumed>(only.what) && std::exchange(work_, std::nullopt))
                     note_change();
                   emit(only.what);
                 },
                 [&](const end_step& end) {
                   ended_ = true;
                   std::visit([&](const auto& last) { emit(last); }, end.what);
                 }},
      s);
}

void supervision::run_start(const start_step& s) {
  auto* child = startable(s);
  if (child == nullptr) return;
  wait_ = s;
  launch(*child, s);
}

/// Null: a temporary child that left with its group, or one that is to stay down.
child_state* supervision::startable(const start_step& s) {
  auto* child = find(s.id);
  if (child == nullptr) return nullptr;
  if (s.mode == start_mode::restart && child->stopped_on_request && rules_.sticky_stop) return nullptr;
  return child;
}

void supervision::launch(child_state& child, const start_step& s) {
  child.stopped_on_request = false;
  ++child.generation;
  touch(child);
  child.retry_token = ++last_token_; // whatever retry was pending is void
  const bool automatic = s.mode == start_mode::restart;
  emit(start_child{s.id, child.generation, s.why, automatic, s.token, how_to(s.mode)});
  // It cannot be left out, for its result may undo or end what is under way; it can be short.
  if (stop_waits_ && !rules_.finish_starts) emit(abort_start{s.id, child.generation, why_of_waiting_stop()});
}

/// The one in the stash.
const cause& supervision::why_of_waiting_stop() const {
  const auto found =
      std::find_if(stash_.begin(), stash_.end(), [](const event& e) { return std::holds_alternative<stop_asked>(e); });
  ALDER_ASSERT(found != stash_.end());
  return std::get<stop_asked>(*found).why;
}

void supervision::run_stop(const stop_step& s) {
  auto* child = find(s.id);
  if (child == nullptr) return;
  if (child->what != phase::running) return on_stop_done(s, std::nullopt);
  if (const auto reason = take_pending_exit(*child)) return on_stop_done(s, reason);
  wait_ = s;
  emit(stop_child{s.id, child->generation, s.why});
}

/// OTP's terminate_dynamic_children: all are asked at once, and reasons nobody expected are reported once each.
void supervision::run_stop_all(const stop_all_step& s) {
  pool_wait pool;
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->what != phase::running) {
      move_to(*child, phase::stopped);
    } else if (const auto reason = take_pending_exit(*child)) {
      on_instance_gone(pool, *child, *reason);
    } else {
      pool.left.insert(child->rules.id);
      emit(stop_child{child->rules.id, child->generation, s.why});
    }
  }
  if (pool.left.empty()) return finish_pool_stop(pool);
  wait_ = std::move(pool);
}

void supervision::on_instance_gone(pool_wait& pool, child_state& child, const exit_reason& reason) {
  move_to(child, phase::stopped);
  child.ended = child.generation;
  note_change(child);
  if (!is_expected_stop(child.rules, reason)) pool.surprises.emplace(word(reason.what), reason);
  if (pool.left.erase(child.rules.id) == 0 || !pool.left.empty()) return;
  const auto done = std::move(pool);
  wait_ = std::monostate{};
  finish_pool_stop(done);
}

void supervision::finish_pool_stop(const pool_wait& pool) {
  for (const auto& [name, reason] : pool.surprises)
    emit(report{report::context::shutdown_error, template_ ? template_->id : std::string{}, reason});
}

std::optional<exit_reason> supervision::take_pending_exit(const child_state& child) {
  const auto found = stashed_exits_.find(child.rules.id);
  if (found == stashed_exits_.end()) return std::nullopt;
  const auto place = found->second;
  const auto& gone = std::get<child_gone>(*place);
  if (gone.generation != child.generation) return std::nullopt;
  auto reason = gone.reason;
  stashed_exits_.erase(found);
  stash_.erase(place);
  return reason;
}

void supervision::on_begin(const begin& e) {
  const auto stays_down = [&](const child_state& child) { return e.resume && e.down.count(child.rules.id) > 0; };
  std::vector<std::string> forgotten; // they ended, and were forgotten, before
  for (auto& child : children_) {
    if (!stays_down(child)) continue;
    child.stopped_on_request = true; // or it ended for good, which makes no difference to a later start
    if (is_pool() || child.rules.restart == restart_kind::temporary) forgotten.push_back(child.rules.id);
  }
  for (const auto& id : forgotten)
    remove(id);
  if (e.resume) return resume(e);
  std::vector<start_step> starts;
  for (const auto& child : children_)
    starts.push_back({child.rules.id, start_mode::initial, e.why});
  plan_starts(std::move(starts));
  plan_.push_back(effect_step{supervisor_started{}});
  unfinished_work work{.what = unfinished_work::kind::begin};
  work.keep_going = e.keep_going;
  begin_work(std::move(work));
}

void supervision::on_child_gone(const child_gone& e) {
  auto* child = find(e.id);
  if (child == nullptr || child->generation != e.generation || child->what != phase::running) return;
  move_to(*child, phase::stopped);
  child->pending = {cause::kind::own_exit, {}, e.reason.detail, {}};
  ask(e.id, e.reason);
}

void supervision::on_retry(const retry& e) {
  auto* child = find(e.id);
  if (child == nullptr || child->what != phase::restarting || child->retry_token != e.token) return; // void
  if (child->counted) {
    restart(e.id);
  } else {
    ask(e.id, std::nullopt);
  }
}

void supervision::ask(const std::string& id, std::optional<exit_reason> exit) {
  const auto& child = *find(id);
  restart_request request;
  request.restart = child.rules.restart;
  request.exit = exit;
  request.intensity = rules_.intensity;
  request.restarts = restarts_;
  request.backoff = child.rules.backoff;
  request.attempts = child.attempts;
  if (exit) request.ran_for = std::chrono::duration_cast<milliseconds>(now_ - child.started_at);
  request.random = random_;
  request.now = now_;
  request.limit = child.rules.restart_limit;
  request.memory = child.memory;
  wait_ = verdict_wait{id, std::move(exit)};
  emit(ask_decider{std::move(request)});
}

void supervision::on_verdict(const restart_verdict& v) {
  const auto waiting = std::get<verdict_wait>(wait_);
  wait_ = std::monostate{};
  auto& child = *find(waiting.id);
  restarts_ = v.restarts;
  child.memory = v.memory;
  if (waiting.exit) child.ended = child.generation;
  note_change(child);
  const bool removed =
      v.what == restart_verdict::action::forget || (v.what == restart_verdict::action::leave && is_pool());
  const bool silent = (removed || v.what == restart_verdict::action::leave) && waiting.exit && is_clean(*waiting.exit);
  if (waiting.exit && !silent) emit(report{report::context::child_terminated, waiting.id, *waiting.exit});
  switch (v.what) {
  case restart_verdict::action::leave:
  case restart_verdict::action::forget: settle(waiting.id, removed, waiting.exit.value_or(exit_reason{})); break;
  case restart_verdict::action::fail: fail(waiting.id, v.why); break;
  case restart_verdict::action::give_up: give_up(waiting.id, waiting.exit); break;
  case restart_verdict::action::restart:
    child.attempts = v.attempts;
    if (v.delay.count() == 0) {
      restart(waiting.id);
    } else {
      child.counted = true;
      if (!v.why.empty()) child.pending.detail += ", and it " + v.why;
      schedule(child, v.delay);
    }
    break;
  }
}

/// A child ended and is not restarted; it may take its supervisor along (OTP's do_auto_shutdown).
void supervision::settle(const std::string& id, bool removed, const exit_reason& reason) {
  const bool significant = find(id)->rules.significant;
  if (removed) remove(id);
  emit(child_settled{id, {cause::kind::own_exit, {}, reason.detail, {}}, /*finished=*/true, removed});
  if (!significant || rules_.auto_shutdown == auto_shutdown::never) return;
  if (rules_.auto_shutdown == auto_shutdown::all_significant && !all_significant_gone()) return;
  const cause why{cause::kind::auto_shutdown, id, reason.detail, {}};
  unfinished_work work{.what = unfinished_work::kind::end, .origin = id};
  work.why = why;
  work.detail = "shut itself down because " + id + " ended";
  end_by_itself(std::move(work));
}

/// The child stays down, visibly; its siblings continue.
void supervision::fail(const std::string& id, const std::string& why) {
  move_to(*find(id), phase::stopped);
  child_settled settled{id, {cause::kind::own_exit, {}, why, {}}};
  settled.finished = settled.failed = true;
  emit(std::move(settled));
}

bool supervision::reset(const std::string& id) {
  auto* child = find(id);
  if (child == nullptr) return false;
  forget_restarts(*child);
  child->attempts = 0;
  note_change(*child);
  return true;
}

/// Those that its restart_limit counts.
void supervision::forget_restarts(child_state& child) {
  if (child.memory == restart_memory{}) return;
  child.memory = {};
  note_change(child);
}

void supervision::give_up(const std::string& id, const std::optional<exit_reason>& exit) {
  auto& child = *find(id);
  const std::string last = exit ? exit->detail : "failed to start: " + child.pending.detail;
  const unsigned most = rules_.intensity.max_restarts;
  const std::string detail = "more than " + counted(most, "restart") + " within " +
                             format_duration(rules_.intensity.within) + ", the last because " + id + " " + last;
  emit(report{report::context::shutdown, id, {reason_kind::shutdown, exit ? exit->status : std::nullopt, detail}});
  move_to(child, phase::stopped);
  if (child.rules.restart == restart_kind::temporary) remove(id);
  unfinished_work work{.what = unfinished_work::kind::end, .origin = id};
  work.why = {cause::kind::gave_up, id, detail, {}};
  work.detail = "gave up: " + detail;
  work.gave_up = true;
  end_by_itself(std::move(work));
}

/// Section 6 of OTP's rules: the failed child is down; take its group along and bring the group up again.
void supervision::restart(const std::string& id) {
  auto& child = *find(id);
  move_to(child, phase::stopped);
  const cause own = child.pending;
  const auto group = group_from(id);
  unfinished_work work{.what = unfinished_work::kind::restart, .origin = id};
  for (const auto& member : group)
    work.members.push_back({member, find(member)->generation, group_cause(member, id, own)});
  for (auto member = work.members.rbegin(); member != work.members.rend(); ++member) {
    if (member->id != id) plan_.push_back(stop_step{member->id, member->why, /*remove_temporary=*/true});
  }
  std::vector<start_step> starts;
  for (const auto& member : work.members)
    starts.push_back({member.id, start_mode::restart, member.why});
  plan_starts(std::move(starts));
  begin_work(std::move(work));
}

/// Why a member of the group is restarted when `origin` is, for the reason `own`.
cause supervision::group_cause(const std::string& member, const std::string& origin, const cause& own) const {
  if (member == origin) return own;
  const auto kind = own.what == cause::kind::own_exit ? cause::kind::sibling_exit : own.what;
  return {kind, own.origin.empty() ? origin : own.origin, own.detail, std::string{word(rules_.strategy)}};
}

std::vector<std::string> supervision::group_from(const std::string& id) const {
  if (rules_.strategy == strategy::one_for_one || is_pool()) return {id};
  std::list<child_state>::const_iterator first = places_.at(id);
  if (rules_.strategy == strategy::one_for_all) first = children_.begin();
  std::vector<std::string> group;
  std::transform(first, children_.end(), std::back_inserter(group), [](const auto& child) { return child.rules.id; });
  return group;
}

void supervision::on_start_result(const start_step& s, const start_result& r) {
  auto& child = *find(s.id);
  const bool by_request = is_asked_for(s.mode);
  switch (r.what) {
  case start_result::how::ok:
    move_to(child, phase::running);
    child.process = r.generation;
    if (!resumes(s.mode) || child.started_at == time_point{}) child.started_at = now_;
    if (by_request) answer(s.token, "");
    break;
  case start_result::how::ignored:
    move_to(child, phase::stopped);
    if (is_pool() || child.rules.restart == restart_kind::temporary) remove(s.id);
    if (by_request) answer(s.token, "", "ignored");
    break;
  case start_result::how::failed: on_start_failed(s, child, r.detail); break;
  }
}

void supervision::on_start_failed(const start_step& s, child_state& child, const std::string& detail) {
  move_to(child, phase::stopped);
  child.ended = child.generation;
  touch(child);
  if (is_asked_for(s.mode)) {
    if (s.mode == start_mode::addition) remove(s.id);
    if (s.token == 0) { // whoever asked was lost with a former daemon
      child_settled failed{s.id, {cause::kind::failed_attempt, {}, "could not start: " + detail, {}}};
      failed.finished = failed.failed = true;
      emit(std::move(failed));
      drop_resumed_work();
    }
    return answer(s.token, "start_failed", detail); // neither retried nor counted nor reported: the caller knows
  }
  emit(report{report::context::start_error, s.id, {reason_kind::crash, {}, detail}});
  if (is_initial(s.mode)) return undo_start(s.id, detail);
  child.counted = false;
  child.pending = {cause::kind::failed_attempt, {}, detail, {}};
  if (s.mode == start_mode::restart || is_resumed_group_restart(s)) drop_group_restart();
  schedule(child, milliseconds{0});
}

/// What had been started is stopped again: this child did not start, perhaps only because all is to stop.
void supervision::undo_start(const std::string& id, const std::string& detail) {
  unfinished_work work{.what = unfinished_work::kind::undo, .origin = id};
  work.why = stop_waits_ ? why_of_waiting_stop() : cause{cause::kind::start_unwound, id, detail, {}};
  work.detail = detail;
  end_by_itself(std::move(work));
}

/// The rest of the group stays stopped until the retry. What else is planned is of a supervisor that resumes.
void supervision::drop_group_restart() {
  const auto of_group = [](const start_step& start) { return start.mode == start_mode::restart; };
  std::erase_if(plan_, [&](const step& next) {
    if (const auto* one = std::get_if<start_step>(&next)) return of_group(*one);
    if (const auto* all = std::get_if<group_step>(&next))
      return std::any_of(all->members.begin(), all->members.end(), of_group);
    return false;
  });
  drop_resumed_work();
}

/// It is not to be told that it is complete.
void supervision::drop_resumed_work() {
  std::erase_if(plan_, [](const step& next) {
    const auto* told = std::get_if<effect_step>(&next);
    return told != nullptr && std::holds_alternative<work_resumed>(told->what);
  });
  if (std::exchange(work_, std::nullopt)) note_change();
}

void supervision::on_stop_done(const stop_step& s, const std::optional<exit_reason>& reason) {
  auto& child = *find(s.id);
  move_to(child, phase::stopped);
  if (std::exchange(child.ended, child.generation) != child.generation) note_change(child);
  if (reason && !is_expected_stop(child.rules, *reason)) emit(report{report::context::shutdown_error, s.id, *reason});
  if (s.remove_temporary && (is_pool() || child.rules.restart == restart_kind::temporary)) remove(s.id);
}

/// All children in reverse order, then the end. Whatever was planned is void.
void supervision::stop_everything(cause why, end_step end) {
  plan_.clear();
  if (std::exchange(work_, std::nullopt)) note_change();
  plan_end(std::move(why), std::move(end));
}

/// Nobody else knows that it ends, and why: a successor must. That stays so after the end, until the supervisor above
/// has decided on it.
void supervision::end_by_itself(unfinished_work work) {
  plan_.clear();
  if (work.what == unfinished_work::kind::undo) {
    plan_end(work.why, {supervisor_start_failed{work.origin, work.detail}});
  } else {
    plan_end(work.why, {supervisor_ended{{reason_kind::shutdown, {}, work.detail, work.gave_up}, work.why}});
  }
  begin_work(std::move(work));
}

void supervision::plan_end(cause why, end_step end) {
  if (is_pool()) {
    plan_.push_back(stop_all_step{why});
  } else {
    for (auto child = children_.rbegin(); child != children_.rend(); ++child)
      plan_.push_back(stop_step{child->rules.id, why, /*remove_temporary=*/false});
  }
  plan_.push_back(std::move(end));
}

child_state* supervision::find(const std::string& id) {
  const auto place = places_.find(id);
  return place == places_.end() ? nullptr : &*place->second;
}

const child_state* supervision::find_child(const std::string& id) const {
  const auto place = places_.find(id);
  return place == places_.end() ? nullptr : &*place->second;
}

void supervision::add(child_rules rules) {
  const auto place = children_.insert(children_.end(), child_state{.rules = std::move(rules)});
  places_.emplace(place->rules.id, place);
}

void supervision::remove(const std::string& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  move_to(*found->second, phase::stopped);
  const auto place = found->second; // `id` may be part of it
  places_.erase(found);
  children_.erase(place);
}

void supervision::move_to(child_state& child, phase what) {
  touch(child);
  if (child.rules.significant && (child.what == phase::stopped) != (what == phase::stopped)) {
    if (what == phase::stopped) {
      --significant_up_;
    } else {
      ++significant_up_;
    }
  }
  child.what = what;
  touch(child);
}

/// Under simple_one_for_one those that ended are gone, so this is: the pool is empty.
bool supervision::all_significant_gone() const { return significant_up_ == 0; }

} // namespace alder::policy
