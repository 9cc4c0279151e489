// What a daemon must know to go on where the one before it was: the trees that are up, and which of their nodes are
// down for good.
#pragma once

#include "alder/error.hpp"
#include "alder/snapshot.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alder::store {

/// A tree as it was brought up: enough to read its configuration again, with the same result.
struct saved_tree {
  std::string name;
  std::string file; ///< absolute; empty: an ad-hoc service
  std::string text;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files; ///< what the files it names (env_file) contained, by path
  wall_time up_since{};
  /// Nodes that are down and stay down: name, state, since, reason, restarts and last exit count, nothing else.
  std::vector<node_snapshot> settled;
};

/// As JSON, readable by people.
[[nodiscard]] std::string saved_trees_json(const std::vector<saved_tree>& trees);
/// Errors (invalid_input): not JSON, or not what saved_trees_json writes.
[[nodiscard]] result<std::vector<saved_tree>> parse_saved_trees(std::string_view text);

/// Reads `file`; a missing one holds no trees. Errors: as parse_saved_trees, denied, io.
[[nodiscard]] result<std::vector<saved_tree>> load_saved_trees(const std::string& file);
/// Replaces `file` atomically, mode 0600: it holds the environment. Errors: denied, io.
outcome store_saved_trees(const std::string& file, const std::vector<saved_tree>& trees);

} // namespace alder::store
