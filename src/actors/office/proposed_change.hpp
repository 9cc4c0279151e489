// A new version of a configuration, read as a change of the tree that is up from it: for those who ask what it would do
// and for those who have it done, who must see the same.
#pragma once

#include "actors/office/configuration.hpp"
#include "actors/office/trees.hpp"

#include "runtime/policy/tree_change.hpp"
#include "runtime/wire/problem_json.hpp"

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace alder::actors {

class board;
struct apply_config;
struct office_context;

/// What is known of a tree that is up, needed to read another version of it.
struct tree_up {
  std::string name;
  std::string file;
  std::map<std::string, std::string> environment;
  std::map<std::string, unsigned> instances;
  supervisor_ptr root;

  bool operator==(const tree_up&) const = default;
};
[[nodiscard]] std::vector<tree_up> trees_up(const known_trees& trees);

/// A new version of a configuration, read for the tree it describes.
struct reading {
  std::vector<tree_up> up; ///< what was up then: with others it would have been read otherwise
  store::saved_tree source;
  config::loaded loaded;                       ///< whose tree is `root`
  supervisor_ptr root;                         ///< shares with that which is up what is equal
  std::vector<policy::tree_change> difference; ///< from that which is up
  std::vector<policy::tree_change> scaled;
};

/// Reads it, and finds out about the files concerned what propose() will ask. On a thread: it can take for ever on some
/// file systems, and a large one takes longer than others should wait.
void look_at_files(apply_config& wanted, std::vector<tree_up> up);

struct proposed_change {
  known_tree tree;                          ///< as it is to be
  std::vector<policy::tree_change> changes; ///< from the tree that is up, in the order in which they are shown
  std::vector<policy::tree_change> scaled;  ///< told to people, and left as it is
  std::string refusal;                      ///< why nothing of this is done with these options; empty: it is done
};

enum class extensions_are : std::uint8_t { not_loaded, loaded };

/// Read with the environment with which the tree was brought up, or with that of the caller if it is wanted. Problems:
/// mistakes in it, no tree of it is up, it is up from another file.
[[nodiscard]] std::variant<proposed_change, wire::problem> propose(const apply_config& wanted, office_context& context,
                                                                   extensions_are extensions);

/// A tree read with another number of instances of a service.
struct scaled_tree {
  supervisor_ptr from; ///< what was up then: the answer holds for no other
  store::saved_tree source;
  config::loaded loaded;
};
/// Any thread.
[[nodiscard]] scaled_tree read_scaled(const known_tree& now, const std::string& service, unsigned instances);

/// Nodes of a tree on the board, as they are when they are asked for. `nodes` must outlive it.
[[nodiscard]] policy::node_lookup nodes_of(const board& nodes, const std::string& tree);

/// Whether two names are those of one file: the same name, or both there and the same. With `notes` asked once.
[[nodiscard]] bool is_same_configuration(const std::string& a, const std::string& b, file_notes* notes = nullptr);

} // namespace alder::actors
