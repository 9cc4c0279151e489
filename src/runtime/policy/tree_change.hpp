// How a running tree is brought to another version of its configuration: what is still to do, the consequence of
// each difference, and the steps that do it. The same answers for people who ask first, for those who have it done, and
// for a daemon that finishes what a former one began.
#pragma once

#include "runtime/policy/tree_edit.hpp"

#include "alder/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alder::policy {

/// What is to become of a tree that is up when its configuration changes, beside what OTP does (nothing is started,
/// stopped or restarted).
struct change_options {
  bool start_added = false;
  bool stop_removed = false;
  bool restart_changed = false;
  bool replace = false; ///< what becomes something else is replaced, also when nothing else is restarted
  /// The tree is to be what its configuration says, whatever was done by hand since.
  [[nodiscard]] bool syncs() const { return start_added && stop_removed && restart_changed; }
  [[nodiscard]] bool replaces() const { return restart_changed || replace; }
  bool operator==(const change_options&) const = default;
};

/// What a change left for later: a node that was added and not started, or a service whose process was not restarted.
struct left_change {
  std::string name;
  std::string parent;
  std::vector<std::string> details; ///< what was changed; of an added node nothing
  bool added = false;
  alder::generation generation = 0; ///< of the node then

  bool operator==(const left_change&) const = default;
};

/// A node that is stopped, and then started as what it has become.
struct replaced_node {
  std::string name;
  alder::generation generation = 0; ///< which is to be stopped; 0: it is down, and has yet to be started

  bool operator==(const replaced_node&) const = default;
};

/// A node of the tree as it is now, by name; null: there is none.
using node_lookup = std::function<std::shared_ptr<const node_snapshot>(const std::string& name)>;

[[nodiscard]] bool is_up(const std::shared_ptr<const node_snapshot>& node);

/// Whether the node still is what it was when the change left it: not started, or not restarted, since.
[[nodiscard]] bool is_left(const left_change& left, const std::shared_ptr<const node_snapshot>& node);

/// What is to be done to make the tree that is up what `after` says: their `difference`; of what earlier changes
/// `left`, nodes that were added and never started and services that still run as they were started before; services
/// that run with secrets that were replaced since; and what has failed.
[[nodiscard]] std::vector<tree_change>
outstanding(const supervisor_spec& after, std::vector<tree_change> difference, const std::vector<left_change>& left,
            const node_lookup& node, const std::function<bool(const std::string& service)>& has_old_secrets);

/// Adds what is left of the replacement of these nodes, which a former daemon began. That they are there says nothing:
/// what runs of them has been taken over by the new supervisor, as it was.
void add_replaced(const std::vector<replaced_node>& nodes, const supervisor_spec& after, const node_lookup& node,
                  std::vector<tree_change>& changes);

/// The nodes that are there and become of another kind, a supervisor or a service, by these changes, in the order in
/// which they stop. While they stop the tree has to be what it was: what it becomes has no place for them.
[[nodiscard]] std::vector<std::string> turning(const supervisor_spec& before, const supervisor_spec& after,
                                               const std::vector<tree_change>& changes, const change_options& options,
                                               const node_lookup& node);
/// They were up when the change began, so that they are started as what they have become.
void make_due(const std::vector<replaced_node>& nodes, std::vector<tree_change>& changes);

/// The consequence of a change.
enum class consequence : std::uint8_t {
  at_once,         ///< it counts
  start,           ///< the node is started
  at_its_time,     ///< it is there, and waits for its schedule or for somebody who asks for it
  not_started,     ///< it is there, and down
  with_supervisor, ///< it is started with its supervisor, which is down
  stop,            ///< the node is stopped and forgotten
  left_running,    ///< it stays, though the configuration does not have it
  restart,         ///< the process is restarted
  next_start,      ///< it counts from the next start of the process on
  when_started,    ///< the same of a service that is down, of which nothing runs with what it was
  replace,         ///< the node is stopped, and started as what it is now
  replace_down,    ///< it was stopped by hand, or has finished: it is replaced, and not started
  refuse,          ///< it cannot be without a replacement, so that nothing of all this is done
  left_scaled,     ///< the number of instances stays
  left_failed,     ///< it stays down
};
[[nodiscard]] std::string_view word(consequence what);
[[nodiscard]] consequence consequence_of(const tree_change& change, const change_options& options,
                                         const node_lookup& node);

/// One thing that is done to the tree. What is not there any more, or not yet, is nothing to do.
struct remove_node {
  std::string name;
  bool is_replaced = false; ///< another takes its place; else it is forgotten
  bool operator==(const remove_node&) const = default;
};
/// What OTP calls a code change: rules and children are those of the new version, and nothing is started or stopped.
struct upgrade_supervisor {
  const supervisor_spec* to = nullptr; ///< part of the new version; not owned, not null
  bool operator==(const upgrade_supervisor&) const = default;
};
/// One instance more, which comes with its start.
struct add_instance {
  std::string pool;
  child_spec instance;
  bool operator==(const add_instance&) const = default;
};
struct start_node {
  std::string name;
  bool stays_down = false; ///< it waits for its schedule, or for somebody who asks for it
  bool operator==(const start_node&) const = default;
};
struct restart_node {
  std::string name;
  std::string pool; ///< of an instance; when one does not come up again the others are left as they are
  bool operator==(const restart_node&) const = default;
};
using change_step = std::variant<remove_node, upgrade_supervisor, add_instance, start_node, restart_node>;

struct change_plan {
  std::string refused;              ///< the node because of which nothing of this is done; empty: it is done
  std::vector<change_step> steps;   ///< one after the other; when one fails, the others are done all the same
  std::vector<std::string> removed; ///< nodes that are gone at the end, in the order in which they go
  additions kept;                   ///< nodes the new version does not have, which are there until they are removed
  std::vector<left_change> left;    ///< still outstanding: the next change includes it
  std::vector<replaced_node> replaced;
  std::vector<std::string> down; ///< nodes that are new where they are, and stay down
  bool has_effect = false;
};

/// What is done to make a tree that is up as `before` what `after` is. `changes` are outstanding between them. Whoever
/// writes `removed`, `kept`, `left`, `replaced` and `down` down before the first step can have the rest done by a
/// successor, with the same options.
[[nodiscard]] change_plan plan_change(const supervisor_spec& before, const supervisor_spec& after,
                                      const std::vector<tree_change>& changes, const change_options& options,
                                      const node_lookup& node);

} // namespace alder::policy
