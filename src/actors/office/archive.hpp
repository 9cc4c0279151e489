// What is written down for the next daemon: the journal, the list of trees beside it, when and how both are written,
// and what is wrong with the files. What it means is known to those who write. Loop thread only.
#pragma once

#include "runtime/store/journal.hpp"
#include "runtime/store/journal_values.hpp"
#include "runtime/store/tree_records.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

class archive {
public:
  /// How long a change may wait for others, so that they are written together.
  static constexpr std::chrono::milliseconds write_delay{20};
  /// Of what programs say of themselves, which may be something else many times a second.
  static constexpr std::chrono::milliseconds status_delay{1000};

  /// What is below, a seam for disks that fail.
  struct disks {
    std::unique_ptr<store::journal_disk> journal;
    std::unique_ptr<store::journal_disk> list;
  };
  /// The files are `journal` and `journal.trees` in `directory`, on these disks.
  archive(boost::asio::io_context& loop, std::string directory, disks on);
  archive(boost::asio::io_context& loop, const std::string& directory);

  // -- reading it

  /// Whether there was a daemon before this one, as its events show, so that a journal must be there.
  enum class history : std::uint8_t { none, known };
  /// Reads what there is. `line` is the mark of the keeper. Returns what people should know.
  std::vector<std::string> open(const std::string& line, history before = history::none);
  /// Whether it was written under this keeper, or under one killed since the machine started.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  /// All values, by key (store/journal_values.hpp).
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return journal_.values(); }
  /// Takes each value whose key begins with `prefix`, with what follows it. `take` must not change them.
  template <class Take> void each(std::string_view prefix, Take take) const {
    const auto& all = values();
    for (auto it = all.lower_bound(std::string{prefix}); it != all.end() && it->first.rfind(prefix, 0) == 0; ++it)
      take(it->first.substr(prefix.size()), it->second);
  }
  /// The trees that were up. Those of a daemon that had no journal yet are in it from now on, with `clock`. `wrong`:
  /// what could not be read, each a sentence.
  [[nodiscard]] std::vector<store::saved_tree> trees(wall_time now, const store::node_clock& clock,
                                                     std::vector<std::string>& wrong);

  // -- changing it; on disk with the next write()

  void set(const std::string& key, std::string json) { journal_.set(key, std::move(json)); }
  void forget(const std::string& key) { journal_.forget(key); }
  /// The same, and written before long; no-op when there is no such key.
  void forget_soon(const std::string& key);
  /// The whole tree, with a revision of its own from now on.
  void set_tree(store::saved_tree& tree, wall_time now);
  /// A child came, or went, since the tree was set. Written before long.
  void note_added(const store::saved_tree& tree, const store::saved_tree::graft& graft);
  void note_removed(const store::saved_tree& tree, const std::string& child);
  void forget_tree(const std::string& tree);
  /// An operation that the next daemon is to finish if this one does not: a tree is being taken down, everything
  /// stopped. `detail` is JSON. Until it ends it can be begun again, with another detail. Written at once.
  void begin_operation(const std::string& key, const std::string& detail,
                       store::journal::durable how = store::journal::durable::machine);
  void end_operation(const std::string& key) { forget(key); }
  /// Those that are under way, by key.
  [[nodiscard]] std::map<std::string, std::string> operations() const;

  // -- writing it

  /// Brings the files up to date. Called before anything is done that depends on what is not in them yet. On failure
  /// the daemon continues and retries by itself.
  void write(store::journal::durable how = store::journal::durable::daemon);
  /// Changes often come together: they are written once after `delay`, at the latest before something is done that
  /// follows from them.
  void write_soon(std::chrono::milliseconds delay = write_delay);
  /// Why the journal is not up to date; empty: it is.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  /// About to write: whoever has gathered changes sets them now.
  std::function<void()> before_writing;
  /// The journal was written: what waited for that may go on.
  std::function<void()> on_written;
  /// The journal begins to fail, or is up to date again (then the text is empty).
  std::function<void(const std::string& trouble)> on_trouble;
  [[nodiscard]] boost::asio::steady_timer::executor_type executor() { return timer_.get_executor(); }

  // -- what went wrong with it

  /// What people should know for as long as nobody has seen to it: what was kept because it could not be read, trees
  /// that were lost.
  [[nodiscard]] std::vector<std::string> notices();
  /// The same of what is kept in another directory, or of one file: returns what is to be told of it.
  std::vector<std::string> take_note_of_kept(const std::string& directory);
  std::string take_note_of_kept_file(const std::string& path);
  /// Looks for trees that are in the list and not in the journal. One whose record cannot be read is not lost: it is
  /// told of by itself. Returns what people should know.
  std::vector<std::string> find_lost_trees();
  /// From now on this tree is missed when the journal does not have it.
  void list(const std::string& tree, const std::string& file);
  /// Trees that were up but are no longer in the journal, with their files.
  [[nodiscard]] const std::map<std::string, std::string>& lost_trees() const { return lost_; }
  /// Nobody wants to hear of it any more.
  void forget_lost(const std::string& tree);

private:
  [[nodiscard]] std::string take_note(const std::string& file, const store::journal::opened& found);
  [[nodiscard]] std::vector<store::saved_tree> trees_of_old_format(wall_time now, const store::node_clock& clock,
                                                                   std::vector<std::string>& wrong);

  boost::asio::steady_timer timer_;
  std::string directory_;
  store::journal journal_;
  /// The names of the trees that are up, and their files. A tree is in it from after it is in the journal until before
  /// it is not any more.
  store::journal list_;
  store::tree_records records_{journal_};
  std::map<std::string, std::string> lost_;
  std::map<std::string, std::string> kept_; ///< what could not be read: where it is kept, and what is to be told of it
  bool goes_on_ = false;
  bool writing_soon_ = false;
  std::chrono::milliseconds soon_{0}; ///< after which time
  std::chrono::milliseconds retry_delay_;
  std::string trouble_;
};

} // namespace alder::actors
