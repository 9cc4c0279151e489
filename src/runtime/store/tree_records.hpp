// The trees that are up, in the journal: a record of each, and behind it what came and went by hand since. So one child
// more or less costs as much as its own record, however large the tree is.
#pragma once

#include "runtime/store/journal.hpp"
#include "runtime/store/saved_trees.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace alder::store {

class tree_records {
public:
  /// `in` must outlive it.
  explicit tree_records(journal& in) : journal_(in) {}

  /// The trees as they are after all that came and went. `wrong`: what could not be read, each a sentence.
  [[nodiscard]] std::vector<saved_tree> read(std::vector<std::string>& wrong);
  /// The whole tree; with a revision of its own from now on, so that edits of former records are none of it. `now`: a
  /// moment of the wall clock.
  void set(saved_tree& tree, wall_time now);
  /// A child came, or went, since the record of the tree was set.
  void note_added(const saved_tree& tree, const saved_tree::graft& graft);
  void note_removed(const saved_tree& tree, const std::string& child);
  void forget(const std::string& tree);
  /// The journal was written: edits that a later record has overtaken are forgotten with the next write. Not before, so
  /// that there is no moment in which neither is there.
  void on_written();

private:
  struct edits {
    std::uint64_t next = 1;              ///< number
    std::vector<std::string> keys;       ///< of those that count
    const read_source* source = nullptr; ///< of the last one, when a child came
    std::string child;
  };
  void note(const saved_tree& tree, const tree_edit& edit, const std::string& as);

  journal& journal_;
  std::map<std::string, edits> edits_; ///< by tree
  std::vector<std::string> overtaken_; ///< keys of edits
};

} // namespace alder::store
