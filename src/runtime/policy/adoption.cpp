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

} // namespace alder::policy
