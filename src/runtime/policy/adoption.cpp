#include "runtime/policy/adoption.hpp"

#include <algorithm>

namespace alder::policy {

adoption adopt(const remembered_child& known, std::vector<held_process> held) {
  using action = adoption::action;
  std::sort(held.begin(), held.end(), [](const auto& a, const auto& b) { return a.generation < b.generation; });
  adoption decided;
  decided.generation = known.generation;
  if (!held.empty()) {
    const auto newest = held.back();
    decided.generation = std::max(known.generation, newest.generation);
    if (newest.alive || (newest.generation > known.ended && !known.settled)) {
      decided.what = action::take_over;
      decided.generation = newest.generation;
      held.pop_back();
    }
  }
  for (const auto& other : held)
    decided.stale.push_back(other.generation);
  if (decided.what == action::take_over) return decided;
  decided.what = known.settled ? action::stay_down : known.restarting ? action::wait : action::start;
  return decided;
}

continuation go_on_with(const interrupted_child& child) {
  const unfinished_work::member* member = nullptr;
  if (child.work != nullptr) {
    const auto& all = child.work->members;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == child.id; });
    if (found != all.end()) member = &*found;
  }
  continuation next;
  if (child.only_running) next.stop_why = cause{cause::kind::tree_stop, {}, {}, {}};
  const bool takes_over = child.decided.what == adoption::action::take_over;
  if (member != nullptr && takes_over && child.decided.generation <= member->generation) next.stop_why = member->why;
  const bool ends = child.work != nullptr && child.work->ends();
  if (ends && takes_over) next.stop_why = child.work->why;
  next.is_counted = member != nullptr && !takes_over && child.counted > member->generation;
  const auto& former = child.former;
  const bool is_asked = child.taken && former && former->state == node_state::stopping &&
                        former->generation == *child.taken && former->why.what == cause::kind::request && !child.forced;
  if (is_asked && member == nullptr && !ends && !child.only_running) {
    next.stop_why = former->why;
    next.ends_for_another = true;
  }
  return next;
}

} // namespace alder::policy
