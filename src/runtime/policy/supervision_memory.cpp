// How a supervisor's memory is given and taken.
#include "runtime/policy/supervision_memory.hpp"

#include "runtime/policy/supervision.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::policy {
namespace {

using phase = child_state::phase;

const unfinished_work::member* member_named(const std::vector<unfinished_work::member>& members,
                                            const std::string& id) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.id == id; });
  return found == members.end() ? nullptr : &*found;
}

} // namespace

std::string_view word(unfinished_work::kind what) {
  using kind = unfinished_work::kind;
  switch (what) {
  case kind::restart: return "restart";
  case kind::stop: return "stop";
  case kind::start: return "start";
  case kind::begin: return "begin";
  case kind::end: return "end";
  case kind::undo: return "undo";
  }
  return {};
}

std::optional<unfinished_work::kind> work_named(std::string_view name) {
  using kind = unfinished_work::kind;
  for (const auto one : {kind::restart, kind::stop, kind::start, kind::begin, kind::end, kind::undo})
    if (word(one) == name) return one;
  return std::nullopt;
}

supervision_memory supervision::memory() const {
  supervision_memory memory;
  memory.restarts = restarts_.newest_first(most_remembered_restarts);
  for (const auto& child : children_) {
    if (has_something_to_remember(child)) memory.children.emplace(child.rules.id, memory_of(child));
  }
  memory.under_way = work_;
  return memory;
}

std::vector<std::string> supervision::update(supervision_memory& memory) {
  memory.restarts = restarts_.newest_first(most_remembered_restarts);
  memory.under_way = work_;
  std::vector<std::string> changed{touched_.begin(), touched_.end()};
  for (const auto& id : changed) {
    const auto* child = find(id);
    if (child != nullptr && has_something_to_remember(*child))
      memory.children.insert_or_assign(id, memory_of(*child));
    else
      memory.children.erase(id);
  }
  touched_.clear();
  memory_changed_ = false;
  return changed;
}

bool supervision::has_something_to_remember(const child_state& child) {
  return child.ended > 0 || child.attempts > 0 || child.what == phase::restarting || child.memory != restart_memory{};
}

child_memory supervision::memory_of(const child_state& child) {
  const bool restarting = child.what == phase::restarting;
  return {.generation = child.generation,
          .ended = child.ended,
          .attempts = child.attempts,
          .limits = child.memory,
          .restarting = restarting,
          .counted = restarting && child.counted,
          .due = restarting ? child.retry_due : time_point{},
          .pending = restarting ? child.pending : cause{}};
}

/// What is new about it can wait: a successor sees it from the process.
void supervision::touch(const child_state& child) {
  if (has_something_to_remember(child)) touched_.insert(child.rules.id);
}

void supervision::note_change(const child_state& child) {
  touched_.insert(child.rules.id);
  memory_changed_ = true;
}

void supervision::begin_work(unfinished_work work) {
  work_ = std::move(work);
  note_change();
}

/// Its next attempt is made after `delay`; child.counted and child.pending say the rest.
void supervision::schedule(child_state& child, milliseconds delay) {
  move_to(child, phase::restarting);
  child.retry_token = ++last_token_;
  child.retry_due = now_ + delay;
  note_change(child);
  emit(schedule_retry{{child.rules.id, child.retry_token}, delay, child.pending});
}

/// What runs is taken over and what is missing started, but for those that wait for their next attempt and those that
/// unfinished work is about.
void supervision::resume(const begin& e) {
  restarts_ = restart_history{{e.memory.restarts.rbegin(), e.memory.restarts.rend()}};
  for (const auto& [id, known] : e.memory.children) {
    auto* child = find(id);
    if (child == nullptr) {
      touched_.insert(id); // it is not a child any more
      continue;
    }
    child->generation = std::max(child->generation, known.generation);
    child->ended = known.ended;
    child->attempts = known.attempts;
    child->memory = known.limits;
    child->counted = known.counted;
    child->pending = known.pending;
    if (known.restarting && e.down.count(id) == 0 && e.running.count(id) == 0)
      schedule(*child, std::max(std::chrono::ceil<milliseconds>(known.due - now_), milliseconds{0}));
  }
  const auto& work = e.memory.under_way;
  if (work && work->ends()) return resume_end(e);
  if (work && work->what == unfinished_work::kind::begin && !e.was_up && !e.only_running) return resume_start(e);
  resume_children(e);
}

/// Its own start goes on: what is there is taken over, what is missing started, and one that fails undoes it all.
void supervision::resume_start(const begin& e) {
  work_ = e.memory.under_way;
  std::vector<start_step> starts;
  for (auto& child : children_) {
    const auto& id = child.rules.id;
    const bool runs = note_running(child, e);
    if (e.down.count(id) > 0) continue;
    starts.push_back({id, runs ? start_mode::resume_initial : start_mode::initial, e.why});
  }
  plan_starts(std::move(starts));
  plan_.push_back(effect_step{supervisor_started{}});
}

/// Its end goes on: what still runs is taken over, and stopped.
void supervision::resume_end(const begin& e) {
  auto work = *e.memory.under_way;
  std::vector<start_step> starts;
  for (auto& child : children_)
    if (note_running(child, e)) starts.push_back({child.rules.id, start_mode::resume_to_stop, work.why});
  end_by_itself(std::move(work));
  auto stops = std::exchange(plan_, {});
  plan_starts(std::move(starts));
  if (e.was_up) plan_.push_back(effect_step{supervisor_started{}});
  std::move(stops.begin(), stops.end(), std::back_inserter(plan_));
}

/// Whether the child has a process to take over.
bool supervision::note_running(child_state& child, const begin& e) {
  const auto running = e.running.find(child.rules.id);
  if (running == e.running.end()) return false;
  child.generation = running->second.generation - 1; // the start takes this very process over
  child.started_at = running->second.started_at;
  return true;
}

/// Of a supervisor that was up only what is up itself, before it is up again; the others are not waited for.
void supervision::resume_children(const begin& e) {
  const auto& work = e.memory.under_way;
  std::vector<start_step> first;
  std::vector<start_step> later;
  for (auto& child : children_) {
    const auto& id = child.rules.id;
    const auto running = e.running.find(id);
    const bool runs = note_running(child, e);
    const auto* member = work ? member_named(work->members, id) : nullptr;
    if (e.down.count(id) > 0 || child.what == phase::restarting || (member != nullptr && !runs)) continue;
    const bool is_old = member != nullptr && running->second.generation <= member->generation;
    if (e.only_running || is_old || member_named(e.ending, id) != nullptr) {
      first.push_back({id, start_mode::resume_to_stop, e.why});
      continue;
    }
    const bool is_up = runs && !running->second.starting;
    if (e.was_up && !is_up && member != nullptr && work->what != unfinished_work::kind::stop) continue; // in its turn
    auto& starts = e.was_up && !is_up ? later : first;
    const bool was_asked_for = member != nullptr && runs && !is_up && !work->automatic;
    starts.push_back({id, was_asked_for ? start_mode::resume_request : start_mode::resume, e.why});
  }
  plan_starts(std::move(first));
  if (e.was_up) plan_.push_back(effect_step{supervisor_started{}});
  for (auto one = e.ending.rbegin(); one != e.ending.rend(); ++one) {
    plan_.push_back(stop_step{one->id, one->why, /*remove_temporary=*/true});
    plan_.push_back(settle_step{one->id, one->why});
  }
  if (work) resume_work(*work, e);
  plan_starts(std::move(later));
  if (!e.was_up) plan_.push_back(effect_step{supervisor_started{}});
}

/// Members that run in the generation they had are stopped; those that run in a newer one are done already, or have
/// only to become ready.
void supervision::resume_work(const unfinished_work& work, const begin& e) {
  const auto running = [&](const auto& member) {
    const auto found = e.running.find(member.id);
    return found == e.running.end() ? begin::running_child{} : found->second;
  };
  work_ = work;
  for (auto member = work.members.rbegin(); member != work.members.rend(); ++member) {
    const auto now = running(*member).generation;
    if (now > 0 && now <= member->generation)
      plan_.push_back(stop_step{member->id, member->why, /*remove_temporary=*/true});
  }
  std::vector<start_step> starts;
  for (const auto& member : work.members) {
    const auto now = running(member);
    const bool done = now.generation > member.generation;
    if (work.what == unfinished_work::kind::stop) {
      if (!done) plan_.push_back(settle_step{member.id, member.why});
    } else if (done && now.starting && e.was_up) {
      starts.push_back({member.id, work.automatic ? start_mode::resume : start_mode::resume_request, member.why});
    } else if (!done && find(member.id) != nullptr) {
      starts.push_back({member.id, work.automatic ? start_mode::restart : start_mode::request, member.why});
    }
  }
  plan_starts(std::move(starts));
  plan_.push_back(effect_step{work_resumed{work}});
}

/// Whether the start is one of an automatic restart that a former daemon began.
bool supervision::is_resumed_group_restart(const start_step& s) const {
  return s.mode == start_mode::resume && work_ && work_->what == unfinished_work::kind::restart && work_->automatic &&
         member_named(work_->members, s.id) != nullptr;
}

} // namespace alder::policy
