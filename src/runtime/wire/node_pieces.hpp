// Answers about many nodes, in pieces: text of thousands of nodes takes longer than anybody should have to wait.
#pragma once

#include "runtime/wire/node_json.hpp"

#include "alder/error.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

/// Finds a node of the tree by its name; null when it is not there (any more).
using node_lookup = std::function<const node_snapshot*(const std::string& name)>;

/// A tree to be nested: its root, and where the other nodes are.
struct nested_tree {
  const node_snapshot* root = nullptr; ///< not owned, not null
  node_lookup find;
};

/// Text around the members of one node.
struct json_piece {
  std::string before;
  const node_snapshot* node = nullptr; ///< not owned; null: none
  std::string after;
};
/// The texts of the pieces, one behind the other, are a JSON value in one line.
using json_pieces = std::vector<json_piece>;

[[nodiscard]] std::string text_of(const json_piece& piece);

/// The answer to GET /v1/services. No element is null.
[[nodiscard]] json_pieces services_pieces(const std::vector<const node_snapshot*>& services,
                                          const std::vector<std::string>& notices = {});
// Errors of reading (io): not what docs/api.md promises, or nested too deeply.
struct service_list {
  std::vector<node_view> services;
  std::vector<std::string> notices;
};
[[nodiscard]] result<service_list> read_services(std::string_view text);
/// The answer to GET /v1/tree; `daemon` is its own branch, null to leave it out. The children of a supervisor are
/// nested, at most 64 deep.
[[nodiscard]] json_pieces trees_pieces(const std::vector<nested_tree>& trees, const nested_tree* daemon);
struct tree_view {
  std::vector<node_view> trees;
  std::optional<node_view> daemon;
};
[[nodiscard]] result<tree_view> read_tree(std::string_view text);
/// The answer to GET /v1/services/{name}: the node with its children and `detail`.
[[nodiscard]] json_pieces detail_pieces(const nested_tree& node, const node_detail& detail);
[[nodiscard]] result<node_view> read_node(std::string_view text);

} // namespace alder::wire
