// The trees this daemon looks after, as they were brought up, and the journal: what a successor must know of them. Loop
// thread only.
#pragma once

#include "actors/base/extensions.hpp"
#include "actors/base/runtime.hpp"

#include "runtime/config/load_tree.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/store/journal.hpp"
#include "runtime/store/journal_values.hpp"
#include "runtime/store/tree_records.hpp"
#include "runtime/wire/json.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace alder::actors {

/// One tree of the catalog.
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

/// Whether a text is new, or was accepted once: then its services may run, in control groups that could not be had
/// where the daemon is now.
enum class text_is : std::uint8_t { given, known };

/// What was found where a configuration points to, asked once and then known: so that what may take long is asked for
/// by a thread, and answered to the loop.
struct file_notes {
  std::map<std::string, result<std::string>> contents; ///< of env files
  std::map<std::string, outcome> readable;
  std::map<std::string, outcome> readable_files;
  std::map<std::string, outcome> directories;
  std::map<std::string, result<std::string>> zones;
  std::map<std::string, std::optional<program_trouble>> programs; ///< by name, PATH and directory, lines of one key
  std::map<std::string, bool> through_links;    ///< whether a link is on the way to the directory of a configuration
  std::map<std::string, bool> same_files;       ///< by both names, with a line end between them
  std::map<std::string, std::uint64_t> secrets; ///< by service: the fingerprint of the files of its secrets
};

/// Reads the configuration in `source`. The files it names are read from disk once and kept in `source.files`: what is
/// up must mean the same later, whatever became of the files. An ad-hoc service has no `file`; its text is JSON. What
/// was scaled, removed and added by hand is part of the answer.
/// What `notes` has is not asked for again, and what is asked for is added. Any thread.
[[nodiscard]] config::loaded read_configuration(store::saved_tree& source, text_is from, file_notes* notes = nullptr);

/// A configuration, and what was read.
struct configuration {
  store::saved_tree source;
  config::loaded loaded;
};
/// The same of what somebody sends. Any thread.
[[nodiscard]] configuration read_configuration(const wire::config_request& request);

/// Loads what extensions it names; it is wrong when they do not offer what it wants.
void load_extensions(config::loaded& configuration, extensions& offered);

/// Why everything is stopped when the daemon is.
inline const cause end_of_daemon{cause::kind::tree_stop, {}, "the daemon is stopping", {}};

class catalog {
public:
  /// The journal is the file `journal` in `state_dir`.
  catalog(boost::asio::io_context& loop, runtime& shared, const std::string& state_dir);

  /// Whether the trees that were up are to be up again.
  enum class what_ended : std::uint8_t {
    daemon, ///< the keeper kept their processes: they are taken over
    keeper, ///< the machine or the keeper went down: they are known, and stopped
    reboot, ///< the same, but what was up is to come up again
  };
  /// Reads the journal; before restore(). `line` is the mark of the keeper. `before`: whether there was a daemon before
  /// this one, as its events show, so that a journal must be there. Returns what people should know.
  enum class history : std::uint8_t { none, known };
  std::vector<std::string> open(const std::string& line, history before = history::none);
  /// The processes that a former daemon wrote down under a keeper of the same line.
  [[nodiscard]] std::vector<store::noted_process> noted_processes() const;
  /// Whether the journal was written under this keeper, or under one killed since the machine started.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  void note(const store::noted_process& told);
  /// Whether its secrets were read from other files than those that are there now, as far as is known.
  [[nodiscard]] bool has_old_secrets(const node_id& node, std::uint64_t fingerprint) const;
  /// It is gone, unless a later process of the node is noted.
  void forget(const node_id& node, generation gen);
  /// Takes up what the former daemon wrote down: the trees, on the board the nodes that stay down, what supervisors
  /// remember. Returns what people should know about what could not be taken up.
  std::vector<std::string> restore(what_ended before);

  /// What went wrong with what was written down, for as long as nobody has seen to it: what was kept because it could
  /// not be read, trees that were lost.
  [[nodiscard]] std::vector<std::string> notices();
  /// The same of what is kept in another directory, or of one file: returns what is to be told of it.
  std::vector<std::string> take_note_of_kept(const std::string& directory);
  std::string take_note_of_kept_file(const std::string& path);
  /// Trees that were up when the machine or the keeper went down, and are down since.
  [[nodiscard]] std::vector<std::string> interrupted() const;
  /// They are no longer: they are about to be resumed, as restore() has it with what_ended::reboot.
  std::vector<std::string> take_interrupted();
  /// Whether it was up when the machine or the keeper went down, and comes up again because of that: none of what runs
  /// of it did then.
  [[nodiscard]] bool comes_back(const std::string& tree) const { return coming_back_.count(tree) > 0; }
  /// Somebody wants it stopped.
  void forget_interrupted(const std::string& tree);
  /// Trees that were up but are no longer in the journal, with their files.
  [[nodiscard]] const std::map<std::string, std::string>& lost_trees() const { return lost_; }
  /// Nobody wants to hear of it any more.
  void forget_lost(const std::string& tree);

  /// What the extensions of its trees offer.
  [[nodiscard]] extensions& offered() { return offered_; }

  [[nodiscard]] const known_tree* find(const std::string& tree) const;
  [[nodiscard]] const std::map<std::string, known_tree>& trees() const;
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

  /// The root of this tree as a child of the supervisor of all trees.
  [[nodiscard]] child_entry entry_of(const known_tree& tree) const;

  [[nodiscard]] boost::asio::steady_timer::executor_type executor() { return timer_.get_executor(); }

  /// An operation that the next daemon is to finish if this one does not: a tree is being taken down, everything
  /// stopped. `detail` is JSON. Until it ends it can be begun again, with another detail.
  void begin_operation(const std::string& key, const std::string& detail,
                       store::journal::durable how = store::journal::durable::machine);
  void end_operation(const std::string& key);
  /// Everything is being stopped, perhaps since a former daemon: nothing is started any more, and nothing that stops
  /// because of it is written down as stopped.
  [[nodiscard]] bool is_shutting_down() const { return shutting_down_; }
  /// Those that a former daemon left, by key.
  [[nodiscard]] std::map<std::string, std::string> operations() const;

  /// Brings the journal up to date. Called before anything is done that depends on what is not in it yet. On failure
  /// the daemon continues and retries by itself.
  void write(store::journal::durable how = store::journal::durable::daemon);
  /// Why the journal is not up to date; empty: it is.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  /// Whether the keeper may forget the exit of this process: what was decided because of it is in the journal.
  [[nodiscard]] bool may_forget(const node_id& node, generation gen);
  /// The journal was written: answers of may_forget may have changed.
  std::function<void()> on_written;
  /// The journal begins to fail, or is up to date again (then the text is empty).
  std::function<void(const std::string& trouble)> on_trouble;

private:
  /// A child that came, or the name of one that went.
  using edit = std::variant<added_child, std::string>;
  void fold(const std::string& tree) const;
  [[nodiscard]] std::vector<store::saved_tree> recorded_trees(std::vector<std::string>& complaints);
  [[nodiscard]] std::vector<store::saved_tree> trees_of_old_format(std::vector<std::string>& complaints);
  void keep_down();
  void restore_nodes(what_ended before, std::vector<std::string>& complaints);
  void restore_memories(std::vector<std::string>& complaints);
  void on_node_changed(const node_ptr& before, const node_ptr& after);
  void on_node_removed(const std::string& tree, const std::string& name);
  void lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec);
  void lay_down(const std::string& tree);
  void end_change(const std::string& tree);
  void note_ends(const std::string& tree);
  [[nodiscard]] store::node_clock node_clock() const;
  [[nodiscard]] supervisor_ptr changing_to(const std::string& tree, const std::string& name) const;
  void write_soon(std::chrono::milliseconds delay);
  void record_changes();
  void record_node(const node_snapshot& node);
  void record_memory(const node_id& supervisor, const std::set<std::string>& children);
  void forget_all(const std::string& tree);
  void prune(const std::string& tree, const std::string& name);

  std::string take_note(const std::string& file, const store::journal::opened& found);
  void list(const std::string& tree, const std::string& file);
  void find_lost_trees(std::vector<std::string>& complaints);

  boost::asio::steady_timer timer_;
  runtime& shared_;
  std::string directory_;
  store::journal journal_;
  /// The names of the trees that are up, and their files: `journal.trees`, beside the journal. A tree is in it from
  /// after it is in the journal until before it is not any more.
  store::journal list_;
  std::map<std::string, std::string> lost_;
  std::map<std::string, std::string> kept_; ///< what could not be read: where it is kept, and what is to be told of it
  const std::string boot_id_ = os::boot_id();
  extensions offered_;
  store::tree_records records_{journal_};
  mutable std::map<std::string, known_tree> trees_;        ///< as somebody who looked has last seen them
  mutable std::map<std::string, std::vector<edit>> edits_; ///< by tree: since then, already in the journal
  std::set<std::string> coming_back_;                      ///< trees
  std::map<node_id, store::noted_process> noted_;
  bool goes_on_ = false;
  std::set<std::pair<std::string, std::string>> changed_nodes_; ///< tree and name
  std::map<node_id, std::set<std::string>> changed_memories_;   ///< of supervisors, with the children that changed
  bool writing_soon_ = false;
  std::chrono::milliseconds soon_{0}; ///< after which time
  bool shutting_down_ = false;
  std::chrono::milliseconds retry_delay_{1000}; ///< while the journal fails
  std::string trouble_;
};

} // namespace alder::actors
