// What is still to do to make a tree what its configuration says: the difference, and what an earlier change was told
// to leave alone.
#pragma once

#include "actors/base/board.hpp"
#include "actors/edge/catalog.hpp"

#include "runtime/config/tree_edit.hpp"

#include <vector>

namespace alder::actors {

/// What `after` changes in the tree that is up, and of what earlier changes left: nodes that were added and never
/// started, services that still run as they were started before.
[[nodiscard]] std::vector<config::tree_change> outstanding(const known_tree& now, const supervisor_spec& after,
                                                           const board& nodes);

/// Whether the node still is what it was when the change left it: not started, or not restarted, since.
[[nodiscard]] bool is_left(const store::left_change& left, const node_ptr& node);

} // namespace alder::actors
