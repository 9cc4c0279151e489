// How a node is told from all others of a daemon, as text and in parts, and the names by which people mean it.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace alder {

/// Unique in a daemon. Its first part will be the host, once a daemon knows nodes of others. The one place that knows
/// its text is src/runtime/base/node_id.cpp.
struct node_id {
  std::string tree; ///< empty: the daemon's own branch
  std::string name; ///< in its tree: "db", "api:0"; the root supervisor is called like the tree

  auto operator<=>(const node_id&) const = default;

  /// "shop/db", "shop/api:0": in answers, in messages, on disk and between programs.
  [[nodiscard]] std::string text() const;
  /// The reverse. Nothing when there is no '/' or no name behind it: a tree's name has no '/'.
  [[nodiscard]] static std::optional<node_id> parse(std::string_view text);
  /// What the texts of all nodes of a tree begin with, and no others.
  [[nodiscard]] static std::string prefix(std::string_view tree);

  /// The root supervisor of its tree.
  [[nodiscard]] node_id root() const { return {tree, tree}; }
  /// The pool that an instance is of; itself when it is none.
  [[nodiscard]] node_id pool() const;
  /// Whether somebody who says this means it: its name or that of its pool, alone or with the tree ("api",
  /// "shop/api:0").
  [[nodiscard]] bool is_called(std::string_view words) const;
  /// Whether a pattern (fnmatch) matches what it is called.
  [[nodiscard]] bool matches(const std::string& pattern) const;
};

/// The name of the pool that an instance is of: "api" of "api:0"; the name itself when it is no instance's. A view of
/// `name`.
[[nodiscard]] std::string_view pool_of(std::string_view name);
/// The number of an instance: 0 of "api:0"; nothing when it is none.
[[nodiscard]] std::optional<unsigned> instance_of(std::string_view name);
/// "api:0": the reverse of both.
[[nodiscard]] std::string instance_name(std::string_view pool, unsigned instance);

} // namespace alder
