// What a new version of a configuration changes, and what a supervisor has.
#pragma once

#include "runtime/wire/json_value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

/// A variable of the environment that differs; its values are not shown.
struct variable_entry {
  std::string name;
  std::string what; ///< "added", "removed", "changed"
};
/// One thing a new version of a configuration changes, as in docs/api.md.
struct change_entry {
  std::string what; ///< "added", "removed", "changed", "replaced", "rules", "order", "scaled", "failed"
  std::string name;
  std::string parent;
  std::vector<std::string> details;
  bool needs_restart = false;
  std::string then; ///< its consequence with the options of the request: "restart", "next_start" …; empty: not given
  std::vector<variable_entry> variables;
};
/// The answer to POST /v1/config/diff.
struct difference {
  std::string tree;
  std::string state;   ///< of its root
  std::string refusal; ///< why the change is refused with these options; empty: it is not
  std::vector<change_entry> changes;
};
[[nodiscard]] std::string changes_json(const difference& found);
/// Errors (io): not an object.
[[nodiscard]] result<difference> read_changes(std::string_view text);

/// A child as OTP's which_children and get_childspec report it.
struct child_entry {
  std::string id;
  std::string type;  ///< "worker" or "supervisor"
  std::string state; ///< "running", "stopped", "restarting"
  std::string restart;
  bool significant = false;
  bool alive = false; ///< counts as active; not shown of itself
};
/// The answer to GET /v1/supervisors/{name}/children: the children in start order, and OTP's count_children. No command
/// of ours asks for it.
[[nodiscard]] std::string children_json(const std::vector<child_entry>& children, bool pool);

} // namespace alder::wire
