// Children that start at the same time (`parallel_start`), each when those it comes after are up.
#include "runtime/policy/supervision.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace alder::policy {
namespace {

constexpr std::size_t most_at_once = 64; // starts under way in one supervisor

} // namespace

void supervision::plan_starts(std::vector<start_step> starts) {
  if (rules_.parallel_start && starts.size() > 1) {
    plan_.push_back(group_step{std::move(starts)});
    return;
  }
  for (auto& one : starts)
    plan_.push_back(std::move(one));
}

void supervision::run_group(const group_step& s) {
  wait_ = group_wait{{s.members.begin(), s.members.end()}, {}, {}, {}};
  start_more();
}

/// Whether something it comes after is not up yet, or did not start.
bool supervision::must_wait(const child_state& child, const group_wait& group) {
  return std::any_of(child.rules.after.begin(), child.rules.after.end(), [&](const std::string& other) {
    return group.failed.count(other) > 0 || group.starting.count(other) > 0 ||
           std::any_of(group.left.begin(), group.left.end(), [&](const auto& one) { return one.id == other; });
  });
}

/// Starts whatever need not wait; with nothing left to wait for the group is up. Those after a child that failed stay
/// down until it is tried again: its retry takes all after it along.
void supervision::start_more() {
  auto& group = std::get<group_wait>(wait_);
  const auto take = [&](std::list<start_step>::iterator place) {
    const auto s = std::move(*place);
    const auto next = group.left.erase(place);
    if (auto* child = startable(s)) {
      launch(*child, s);
      group.starting.emplace(s.id, s);
    }
    return next;
  };
  for (auto before = group.left.size() + 1; group.left.size() < before;) { // one that is left out lets others start
    before = group.left.size();
    for (auto next = group.left.begin(); next != group.left.end() && group.starting.size() < most_at_once;) {
      const auto* child = startable(*next);
      next = child != nullptr && must_wait(*child, group) ? std::next(next) : take(next);
    }
    if (!group.starting.empty()) break;
    // Rules of different configurations can wait for each other in a circle: then the order decides.
    if (group.failed.empty() && !group.left.empty()) (void)take(group.left.begin());
  }
  if (!group.starting.empty()) return;
  const auto undone = std::move(group.undone);
  wait_ = std::monostate{};
  if (undone) undo_start(undone->id, undone->detail);
}

void supervision::on_group_result(const start_result& r) {
  auto& group = std::get<group_wait>(wait_);
  const auto found = group.starting.find(r.id);
  const auto* child = found == group.starting.end() ? nullptr : find(r.id);
  if (child == nullptr || child->generation != r.generation) return; // stale: nobody waits for it
  const auto s = std::move(found->second);
  group.starting.erase(found);
  if (r.what != start_result::how::failed) {
    on_start_result(s, r);
  } else if (is_initial(s.mode)) {
    undo_group_start(s.id, r.detail);
  } else {
    group.failed.insert(s.id);
    on_start_result(s, r);
  }
  start_more();
}

/// The first start of all: nothing more is started, what is under way is cut short, what is up goes down again.
void supervision::undo_group_start(const std::string& id, const std::string& detail) {
  auto& group = std::get<group_wait>(wait_);
  auto& child = *find(id);
  move_to(child, child_state::phase::stopped);
  child.ended = child.generation;
  touch(child);
  group.left.clear();
  if (group.undone) return; // it was cut short by another's failure
  group.undone = supervisor_start_failed{id, detail};
  emit(report{report::context::start_error, id, {exit_reason::kind::crash, {}, detail}});
  if (rules_.finish_starts) return;
  for (const auto& [other, s] : group.starting)
    emit(abort_start{other, find(other)->generation, {cause::kind::start_unwound, id, detail, {}}});
}

} // namespace alder::policy
