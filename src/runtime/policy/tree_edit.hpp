// What is done to a tree after it was read: children added and taken away by hand, and what a new version of it
// changes.
#pragma once

#include "runtime/base/takes_effect.hpp"

#include "alder/spec.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alder::policy {

/// A node below a root, and its supervisor.
struct tree_place {
  const child_spec* child = nullptr; ///< not owned, not null
  std::string parent;
};
/// All nodes below `root`, by name. Who asks for more than one makes this once.
[[nodiscard]] std::map<std::string, tree_place> places_in(const supervisor_spec& root);
/// The node of this name below `root`; null when there is none.
[[nodiscard]] const child_spec* find_child(const supervisor_spec& root, const std::string& name);

/// By supervisor: children to be added, in this order.
using additions = std::map<std::string, std::vector<child_spec>>;
/// A copy of the tree with these children as the last of their supervisors, which may be among them. What has a
/// supervisor that is not there is left out.
[[nodiscard]] supervisor_spec with_children(const supervisor_spec& root, const additions& children);
/// A copy without the nodes of these names and what is below them.
[[nodiscard]] supervisor_spec without(const supervisor_spec& root, const std::set<std::string>& names);
/// `after`, sharing with `before` the services that are equal: two versions of a tree then take little more than one,
/// and are compared again at no cost.
[[nodiscard]] supervisor_spec sharing(const supervisor_spec& before, const supervisor_spec& after);

/// Whether the start of its supervisor leaves it down: it waits for its schedule, or for somebody who asks for it.
[[nodiscard]] bool stays_down_at_start(const child_spec& child);

/// One thing by which two versions of a tree differ.
struct tree_change {
  enum class kind : std::uint8_t {
    added,
    removed,
    changed,  ///< a service whose process would be started otherwise, or be looked after otherwise
    replaced, ///< it is of another kind, or has another supervisor
    rules,    ///< of a supervisor: strategy, intensity, …
    order,    ///< of a supervisor's children
    scaled,   ///< a service that has another number of instances by hand than by its configuration
    failed,   ///< a node that is down because it failed
  };
  kind what = kind::added;
  std::string name;
  std::string parent;               ///< its supervisor: the new one, of a removed node the old one
  std::vector<std::string> details; ///< "command", "environment", "strategy": what differs
  bool needs_restart = false;       ///< what runs now does not have it
  /// Added or replaced: the start of its supervisor leaves it down.
  bool stays_down = false;
  /// Of the environment, by name: "+NAME" is new, "-NAME" is gone, "~NAME" has another value.
  std::vector<std::string> variables = {};
  bool is_due = false; ///< a former daemon was replacing the node: it is started, or restarted, in any case

  bool operator==(const tree_change&) const = default;
};

[[nodiscard]] std::string_view word(tree_change::kind what);

/// What `after` changes, from top to bottom; below a node that is added, removed or replaced nothing is listed.
/// `effect_of` says which keys what runs gets only when it is restarted.
[[nodiscard]] std::vector<tree_change> difference(const supervisor_spec& before, const supervisor_spec& after,
                                                  effect_lookup effect_of);

} // namespace alder::policy
