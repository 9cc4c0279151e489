// The trees this daemon looks after, as they were brought up, and their place on disk. Loop thread only.
#pragma once

#include "actors/base/runtime.hpp"

#include "runtime/config/load_tree.hpp"
#include "runtime/store/saved_trees.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace alder::actors {

/// One tree of the catalog.
struct known_tree {
  store::saved_tree source; ///< without `settled`, which is taken from the board
  std::shared_ptr<const supervisor_spec> root;
};

/// Reads the configuration in `source`. The files it names are read from disk once and kept in `source.files`: what is
/// up must mean the same later, whatever became of the files. An ad-hoc service has no `file`; its text is JSON.
[[nodiscard]] config::loaded read_configuration(store::saved_tree& source);

class catalog {
public:
  catalog(boost::asio::io_context& loop, runtime& shared, std::string file);

  /// Whether the trees that were up are to be up again.
  enum class what_ended : std::uint8_t {
    daemon, ///< the keeper kept their processes: they are taken over
    keeper, ///< the machine or the keeper went down: they are known, and stopped
  };
  /// Takes up what the former daemon saved: the trees, and on the board the nodes that stay down. Returns what people
  /// should know about what could not be taken up.
  std::vector<std::string> restore(what_ended before);

  [[nodiscard]] const known_tree* find(const std::string& tree) const;
  [[nodiscard]] const std::map<std::string, known_tree>& trees() const { return trees_; }
  void add(known_tree tree);
  void remove(const std::string& tree);

  /// The root of this tree as a child of the supervisor of all trees.
  [[nodiscard]] child_entry entry_of(const known_tree& tree) const;

  [[nodiscard]] boost::asio::steady_timer::executor_type executor() { return timer_.get_executor(); }

  /// Writes the catalog if it changed. Errors: denied, io; it is tried again with the next change.
  outcome save();
  /// What went wrong with the last write that was not asked for; empty: nothing.
  std::function<void(const error&)> on_save_failed;

private:
  void on_node_changed(const node_ptr& before, const node_ptr& after);
  void lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec);
  void lay_down(const std::string& tree);
  void save_soon();

  boost::asio::steady_timer timer_;
  runtime& shared_;
  std::string file_;
  std::map<std::string, known_tree> trees_;
  std::vector<store::saved_tree> unreadable_; ///< saved on as they are
  bool changed_ = false;
  bool saving_soon_ = false;
};

} // namespace alder::actors
