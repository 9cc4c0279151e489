// What the next daemon must know of nodes that cannot be seen from their processes, and of what supervisors remember:
// written down when it changes, and taken up again. Loop thread only.
#pragma once

#include "actors/base/board.hpp"
#include "actors/office/archive.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/policy/recall.hpp"
#include "runtime/store/journal_values.hpp"

#include "alder/cause.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

struct runtime;

class node_records {
public:
  /// Follows the board and the memories of `shared`; both must outlive it. `is_known`: whether this tree is to be
  /// written about. `boot`: names this start of the machine.
  node_records(runtime& shared, archive& to, std::function<bool(const std::string& tree)> is_known,
               std::string boot = os::boot_id());

  /// Puts on the board what is known of the nodes of trees that are known. Returns what people should know.
  std::vector<std::string> restore_nodes(policy::what_ended before);
  /// The same of what supervisors remember.
  std::vector<std::string> restore_memories();
  /// Numbers of processes begin anew: what supervisors remember counts no more.
  void forget_memories();
  /// Of a tree that is no more, and of its holder.
  void forget(const std::string& tree);
  /// How the times of nodes are meant.
  [[nodiscard]] store::node_clock clock() const;

  /// Everything is being stopped: nothing that stops because of it is written down as
  /// stopped.
  void begin_shutdown();
  /// It was begun by a former daemon.
  void continue_shutdown() { shutting_down_ = true; }
  [[nodiscard]] bool is_shutting_down() const { return shutting_down_; }

  /// Whether the keeper may forget the exit of this process: what was decided because of it is in the journal.
  [[nodiscard]] bool may_forget(const node_id& id, generation gen);

private:
  void on_node_changed(const node_ptr& before, const node_ptr& after);
  void on_node_removed(const std::string& tree, const std::string& name);
  void record_changes();
  void record_node(const node_snapshot& node);
  void record_memory(const node_id& supervisor, const std::set<std::string>& children);
  [[nodiscard]] store::both_clocks both_clocks() const;

  runtime& shared_;
  archive& archive_;
  std::function<bool(const std::string& tree)> is_known_;
  std::string boot_;
  std::set<std::pair<std::string, std::string>> changed_nodes_; ///< tree and name
  std::map<node_id, std::set<std::string>> changed_memories_;   ///< of supervisors, with the children that changed
  bool shutting_down_ = false;
};

} // namespace alder::actors
