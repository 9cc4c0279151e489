// What a daemon must know to go on where the one before it was: the trees that are up, and which of their nodes are
// down for good.
#pragma once

#include "runtime/policy/tree_change.hpp"

#include "alder/error.hpp"
#include "alder/snapshot.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::store {

/// A configuration as it was read: enough to read it again, with the same result.
struct read_source {
  std::string file; ///< absolute; empty: an ad-hoc service
  std::string text;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;  ///< what the files it names (env_file) contained, by path
  std::map<std::string, unsigned> instances; ///< services that were scaled, and to how many

  bool operator==(const read_source&) const = default;
};

/// A tree as it was brought up: enough to read its configuration again, with the same result.
struct saved_tree : read_source {
  std::string name;
  wall_time up_since{};
  std::vector<std::string> removed; ///< nodes of the text that were removed by hand
  /// A child the text does not have: added by hand, or left by a former version of it.
  struct graft {
    std::string parent;
    std::string child;
    std::shared_ptr<const read_source> from; ///< what describes it, not null; children that came together share it
  };
  std::vector<graft> grafts; ///< in the order in which they came
  std::vector<policy::left_change> left;
  std::uint64_t revision = 0; ///< grows with each record: edits of another one are none of this
  /// Of trees.json: nodes that are down and stay down: name, state, since, reason, restarts and last exit count,
  /// nothing else.
  std::vector<node_snapshot> settled;
};

/// One child of a tree that is up came or went by hand.
struct tree_edit {
  std::uint64_t revision = 0; ///< of the record that it follows
  std::optional<saved_tree::graft> added;
  std::string removed; ///< what went, when nothing came
};
/// Makes the tree what it is after this. No-op when it follows another record.
void take_up(saved_tree& tree, const tree_edit& edit);

/// Errors (invalid_input): not what version 0.1 wrote.
[[nodiscard]] result<std::vector<saved_tree>> parse_saved_trees(std::string_view text);

/// Reads trees.json, which came before the journal; a missing file holds no trees. Errors: as parse_saved_trees,
/// denied, io.
[[nodiscard]] result<std::vector<saved_tree>> load_saved_trees(const std::string& file);

} // namespace alder::store
