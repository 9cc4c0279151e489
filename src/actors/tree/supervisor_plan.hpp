// What a supervisor is made of, and what of it the rules of supervision ask.
#pragma once

#include "actors/tree/child_kind.hpp"

#include "runtime/policy/supervision.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

/// What a supervisor is made of: its own rules and its children.
struct supervisor_plan {
  std::string tree; ///< of its nodes on the board
  std::string name;
  policy::supervisor_rules rules;
  bool pool = false;
  std::vector<child_entry> children;                ///< of a pool: the instances it starts with
  std::shared_ptr<const child_entry> instance = {}; ///< of a pool: the template
};

/// A child of the user's: the one place where a specification becomes a child of its kind.
[[nodiscard]] child_entry entry_of(const child_spec& spec);
/// The plan of a supervisor of the user's.
[[nodiscard]] supervisor_plan plan_of(const std::string& tree, const supervisor_spec& spec);

[[nodiscard]] policy::child_rules rules_of(const child_entry& entry);
[[nodiscard]] std::vector<policy::child_rules> rules_of(const std::vector<child_entry>& entries);
/// Of the template of a pool; nothing without one.
[[nodiscard]] std::optional<policy::child_rules> rules_of(const std::shared_ptr<const child_entry>& instance);

} // namespace alder::actors
