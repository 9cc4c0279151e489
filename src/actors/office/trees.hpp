// The trees that this daemon looks after, as they were brought up and changed since, and what a daemon takes up of
// those that a former one looked after. Loop thread only.
#pragma once

#include "actors/office/node_records.hpp"

#include "runtime/policy/recall.hpp"
#include "runtime/store/saved_trees.hpp"

#include "alder/spec.hpp"

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace alder::actors {

class archive;
class extensions;
struct child_entry;
struct runtime;

/// One tree that is known.
struct known_tree {
  store::saved_tree source;
  supervisor_ptr root;
  /// What the tree, and each supervisor in it, starts with if it is restarted while a change is carried out: without
  /// what is being removed. Null: `root`.
  supervisor_ptr target = {};
};

/// A child that comes to a tree by hand.
struct added_child {
  store::saved_tree::graft graft;
  child_spec spec;
};

class known_trees {
public:
  /// All outlive it. `to` is open before restore(). `offered`: what the extensions of its trees offer.
  known_trees(runtime& shared, archive& to, extensions& offered);

  // -- what a former daemon left

  /// Takes up what the former daemon wrote down: the trees, on the board the nodes that stay down, what supervisors
  /// remember. Returns what people should know about what could not be taken up.
  std::vector<std::string> restore(policy::what_ended before);
  /// Trees that were up when the machine or the keeper went down, and are down since.
  [[nodiscard]] std::vector<std::string> interrupted() const;
  /// They are no longer: they are about to be resumed, as restore() has it with what_ended::reboot.
  std::vector<std::string> take_interrupted();
  /// Whether it was up when the machine or the keeper went down, and comes up again because of that: none of what runs
  /// of it did then.
  [[nodiscard]] bool comes_back(const std::string& tree) const { return coming_back_.count(tree) > 0; }
  /// Somebody wants it stopped.
  void forget_interrupted(const std::string& tree);

  // -- what is known

  [[nodiscard]] const known_tree* find(const std::string& tree) const;
  [[nodiscard]] const std::map<std::string, known_tree>& trees() const;
  /// The root of this tree as a child of the supervisor of all trees.
  [[nodiscard]] child_entry entry_of(const known_tree& tree) const;

  // -- what becomes of it

  void add(known_tree tree);
  /// The tree as it is from now on; its nodes keep their states.
  void replace(known_tree tree);
  /// A child came by hand, or went. It costs what the child costs, whatever the size of the tree; the tree has it when
  /// somebody looks.
  void note_added(const std::string& tree, added_child child);
  void note_removed(const std::string& tree, const std::string& child);
  /// A change was carried out: nothing is to come or go any more.
  void settle(const std::string& tree);
  void remove(const std::string& tree);

  /// Everything is being stopped, which the next daemon is to finish if this one does not: nothing that stops because
  /// of it is written down as stopped.
  void begin_shutdown();
  /// Perhaps since a former daemon: nothing is started any more.
  [[nodiscard]] bool is_shutting_down() const { return nodes_.is_shutting_down(); }
  /// Whether the keeper may forget the exit of this process: what was decided because of it is in the journal.
  [[nodiscard]] bool may_forget(const node_id& node, generation gen) { return nodes_.may_forget(node, gen); }

private:
  /// A child that came, or the name of one that went.
  using edit = std::variant<added_child, std::string>;
  void fold(const std::string& tree) const;
  void forget_taken_down();
  void restore_trees(policy::what_ended before, std::vector<std::string>& complaints);
  void keep_down();
  void end_operations();
  void lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec);
  void lay_out(const std::string& tree, const std::string& parent, const service_ptr& service);
  void lay_down(const std::string& tree);
  void end_change(const std::string& tree);
  void become(const std::string& tree, const std::string& pending);
  void note_ends(const std::string& tree);
  [[nodiscard]] supervisor_ptr changing_to(const std::string& tree, const std::string& name) const;
  void forget_all(const std::string& tree);
  void prune(const std::string& tree, const std::string& name);

  runtime& shared_;
  archive& archive_;
  extensions& offered_;
  mutable std::map<std::string, known_tree> trees_;        ///< as somebody who looked has last seen them
  mutable std::map<std::string, std::vector<edit>> edits_; ///< by tree: since then, already in the journal
  std::set<std::string> coming_back_;                      ///< trees
  node_records nodes_;
};

} // namespace alder::actors
