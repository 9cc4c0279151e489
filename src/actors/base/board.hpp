// What is known of every node, for those who look: actors publish, the API reads. Loop thread only.
//
// A published snapshot is immutable and is replaced as a whole, so a reader may keep one as long as it likes.
#pragma once

#include "alder/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alder::actors {

using node_ptr = std::shared_ptr<const node_snapshot>;

class board {
public:
  /// Changes one node, which is made when it does not exist.
  void update(const std::string& tree, const std::string& name, const std::function<void(node_snapshot&)>& change);
  void remove(const std::string& tree, const std::string& name);
  /// With everything below it.
  void remove_branch(const std::string& tree, const std::string& name);
  void remove_tree(const std::string& tree);

  /// The children of a supervisor, in start order. They are kept here and not in its snapshot, so that a supervisor of
  /// very many is not copied with each of its changes.
  void order_children(const std::string& tree, const std::string& supervisor, const std::vector<std::string>& children);
  void append_child(const std::string& tree, const std::string& supervisor, const std::string& child);
  void remove_child(const std::string& tree, const std::string& supervisor, const std::string& child);
  [[nodiscard]] std::vector<std::string> children_of(const std::string& tree, const std::string& supervisor) const;

  /// Null when there is none.
  [[nodiscard]] node_ptr find(const std::string& tree, const std::string& name) const;
  [[nodiscard]] node_ptr find(const node_id& id) const { return find(id.tree, id.name); }
  /// The nodes that `text` may mean: "name" in any tree, or "tree/name".
  [[nodiscard]] std::vector<node_ptr> named(std::string_view text) const;
  /// Every node of a tree, each supervisor before its children, in start order.
  [[nodiscard]] std::vector<node_ptr> in_order(const std::string& tree) const;
  /// Every name there is, for suggestions.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Grows with every change: as long as it is the same, so is everything here.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// Called after every change of a node's state, with the node before (null: new) and after.
  std::function<void(const node_ptr& before, const node_ptr& after)> on_change;
  /// Called for every node that is removed, but not when its whole tree is.
  std::function<void(const std::string& tree, const std::string& name)> on_remove;

private:
  struct child_list {
    std::map<std::uint64_t, std::string> by_place;
    std::unordered_map<std::string, std::uint64_t> places;
    std::uint64_t last_place = 0;
  };
  struct tree_nodes {
    std::map<std::string, node_ptr> nodes;
    std::map<std::string, child_list> children; ///< by supervisor
  };
  static void append(child_list& list, const std::string& child);
  void append_below(const tree_nodes& tree, const std::string& name, std::vector<node_ptr>& out, int depth) const;

  std::map<std::string, tree_nodes> trees_;
  std::uint64_t version_ = 0;
};

/// A snapshot with its times by the wall clock as it is now: `shift` is how far that was set since they were taken. The
/// last exit and the next run by schedule are moments of the wall clock already.
[[nodiscard]] node_snapshot shown(node_snapshot node, std::chrono::milliseconds shift);
/// The same; itself when nobody has set the clock.
[[nodiscard]] node_ptr shown(const node_ptr& node, std::chrono::milliseconds shift);

} // namespace alder::actors
