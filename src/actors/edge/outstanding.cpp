#include "actors/edge/outstanding.hpp"

#include "actors/edge/wish_result.hpp"

#include <algorithm>

namespace alder::actors {

bool is_left(const store::left_change& left, const node_ptr& node) {
  const generation now = node ? node->generation : 0;
  return now == left.generation && is_up(node) != left.added;
}

std::vector<config::tree_change> outstanding(const known_tree& now, const supervisor_spec& after, const board& nodes) {
  using kind = config::tree_change::kind;
  auto changes = config::difference(*now.root, after);
  for (const auto& left : now.source.left) {
    const auto* child = config::find_child(after, left.name);
    if (child == nullptr || !is_left(left, nodes.find(now.source.name, left.name))) continue;
    const auto parent = nodes.find(now.source.name, left.parent);
    if (left.added && parent && !is_up(parent)) continue; // it comes with its supervisor
    const auto known = std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return c.name == left.name; });
    if (known == changes.end()) {
      changes.push_back({left.added ? kind::added : kind::changed, left.name, left.parent, left.details, !left.added});
    } else if (known->what == kind::changed && left.added) {
      known->what = kind::added; // as it is now; nobody has seen it otherwise
      known->parent = left.parent;
    } else if (known->what == kind::changed) {
      known->needs_restart = true;
      for (const auto& detail : left.details) {
        if (std::find(known->details.begin(), known->details.end(), detail) == known->details.end())
          known->details.push_back(detail);
      }
    }
  }
  return changes;
}

} // namespace alder::actors
