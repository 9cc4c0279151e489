#include "actors/office/archive.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/store/saved_trees.hpp"

#include <algorithm>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds first_retry{1000}; // of a journal that cannot be written
constexpr std::chrono::milliseconds longest_retry{10000};

std::string lost_words(const std::string& tree, const std::string& file) {
  const auto again = file.empty() ? "start its program again: alder start" : "bring it up again: alder up " + file;
  return "tree " + tree + " was up but is missing from the journal; processes of it that still run are unsupervised; " +
         again + ", or remove it: alder down " + tree;
}

std::string key_of_tree(const std::string& tree) { return std::string{store::tree_key} + tree; }

} // namespace

archive::archive(boost::asio::io_context& loop, std::string directory, disks on)
    : timer_(loop), directory_(std::move(directory)), journal_(std::move(on.journal)), list_(std::move(on.list)),
      retry_delay_(first_retry) {}

archive::archive(boost::asio::io_context& loop, const std::string& directory)
    : archive(loop, directory,
              {store::journal_file(directory + "/journal"), store::journal_file(directory + "/journal.trees")}) {}

std::vector<std::string> archive::open(const std::string& line, history before) {
  std::vector<std::string> complaints;
  const std::string file = directory_ + "/journal";
  (void)take_note_of_kept(directory_); // a former daemon has told of it
  const auto opened = journal_.open();
  const auto listed = list_.open();
  if (auto told = take_note(file, opened); !told.empty()) complaints.push_back(std::move(told));
  if (auto told = take_note(file + ".trees", listed); !told.empty()) complaints.push_back(std::move(told));
  const bool is_expected = before == history::known || !listed.is_first;
  if (opened.is_first && is_expected && !os::is_taken(directory_ + "/trees.json"))
    complaints.push_back("the journal " + file +
                         " is missing although Alder has run here before: it is unknown which trees were up");
  const std::string mark = "\"" + line + "\"";
  const auto known = values().find(std::string{store::line_key});
  goes_on_ = known != values().end() && known->second == mark;
  journal_.set(std::string{store::line_key}, mark);
  list_.set(std::string{store::line_key}, mark); // neither is ever without a record
  return complaints;
}

std::vector<store::saved_tree> archive::trees(wall_time now, const store::node_clock& clock,
                                              std::vector<std::string>& wrong) {
  return journal_.file_size() == 0 ? trees_of_old_format(now, clock, wrong) : records_.read(wrong);
}

std::vector<store::saved_tree> archive::trees_of_old_format(wall_time now, const store::node_clock& clock,
                                                            std::vector<std::string>& wrong) {
  const std::string file = directory_ + "/trees.json";
  auto saved = store::load_saved_trees(file);
  if (!saved) {
    wrong.push_back("the saved trees in " + file + " could not be read: " + saved.failure().message);
    return {};
  }
  for (auto& tree : *saved) {
    records_.set(tree, now);
    for (const auto& node : tree.settled)
      set(std::string{store::node_key} + node.id().text(), store::node_value(node, clock));
  }
  if (!saved->empty() && journal_.write(store::journal::durable::machine)) (void)os::remove_file(file);
  return std::move(*saved);
}

void archive::forget_soon(const std::string& key) {
  if (values().count(key) == 0) return;
  forget(key);
  write_soon();
}

void archive::set_tree(store::saved_tree& tree, wall_time now) {
  records_.set(tree, now);
  list(tree.name, tree.file);
}

void archive::note_added(const store::saved_tree& tree, const store::saved_tree::graft& graft) {
  records_.note_added(tree, graft);
  write_soon();
}

void archive::note_removed(const store::saved_tree& tree, const std::string& child) {
  records_.note_removed(tree, child);
  write_soon();
}

void archive::forget_tree(const std::string& tree) {
  forget_lost(tree); // first: it is not to be missed when only this is known after a crash
  records_.forget(tree);
}

void archive::begin_operation(const std::string& key, const std::string& detail, store::journal::durable how) {
  set(key, detail);
  write(how);
}

std::map<std::string, std::string> archive::operations() const {
  std::map<std::string, std::string> all;
  each("operation/", [&](const std::string& rest, const std::string& value) { all["operation/" + rest] = value; });
  return all;
}

void archive::write(store::journal::durable how) {
  if (before_writing) before_writing();
  if (!journal_.has_changes() && !list_.has_changes()) return;
  if (!trouble_.empty() && writing_soon_ && how == store::journal::durable::daemon) return; // the next try is planned
  auto written = journal_.write(how);
  if (written) written = list_.write(how); // behind it
  const bool was_in_trouble = !trouble_.empty();
  trouble_ = written ? "" : written.failure().message;
  if (written) {
    records_.on_written();
    retry_delay_ = first_retry;
    if (journal_.wants_compaction()) write_soon(); // not now: what follows from the change comes first
    if (was_in_trouble && on_trouble) on_trouble({});
    if (on_written) on_written();
    return;
  }
  write_soon(retry_delay_);
  retry_delay_ = std::min(2 * retry_delay_, longest_retry);
  if (!was_in_trouble && on_trouble) on_trouble(trouble_);
}

void archive::write_soon(std::chrono::milliseconds delay) {
  if (writing_soon_ && (!trouble_.empty() || delay >= soon_)) return;
  writing_soon_ = true;
  soon_ = delay;
  timer_.expires_after(delay);
  timer_.async_wait([this](const boost::system::error_code& failed) {
    if (failed) return; // it is to be sooner
    writing_soon_ = false;
    write();
    journal_.compact();
    list_.compact();
  });
}

/// What is to be told of a file of ours that could not be read as a whole; nothing: it could.
std::string archive::take_note(const std::string& file, const store::journal::opened& found) {
  if (found.is_sound()) return {};
  auto told = file + " " + found.problem +
              (found.kept.empty() ? "; nothing is recorded while it cannot be renamed; move it away"
                                  : "; kept as " + found.kept);
  kept_[found.kept.empty() ? file : found.kept] = told;
  return told;
}

std::vector<std::string> archive::take_note_of_kept(const std::string& directory) {
  std::vector<std::string> all;
  for (const auto& kept : os::damaged_files(directory))
    all.push_back(take_note_of_kept_file(kept));
  return all;
}

std::string archive::take_note_of_kept_file(const std::string& path) {
  return kept_[path] = path + " was kept because part of it could not be read";
}

std::vector<std::string> archive::notices() {
  std::erase_if(kept_, [](const auto& entry) { return !os::is_taken(entry.first); });
  std::vector<std::string> all;
  for (const auto& [path, told] : kept_) {
    const bool is_kept = path.find(".damaged") != std::string::npos; // else it is the journal, and still in use
    all.push_back(told + (is_kept ? "; delete that file once you have inspected it" : ""));
  }
  for (const auto& [tree, file] : lost_)
    all.push_back(lost_words(tree, file));
  return all;
}

std::vector<std::string> archive::find_lost_trees() {
  std::vector<std::string> complaints;
  for (const auto& [key, value] : list_.values()) {
    if (key.rfind(store::tree_key, 0) != 0 || values().count(key) > 0) continue;
    const auto tree = key.substr(store::tree_key.size());
    const auto file = store::parse_listed_tree_value(value);
    lost_[tree] = file ? *file : std::string{};
    complaints.push_back(lost_words(tree, lost_[tree]));
  }
  return complaints;
}

void archive::list(const std::string& tree, const std::string& file) {
  lost_.erase(tree);
  list_.set(key_of_tree(tree), store::listed_tree_value(file));
}

void archive::forget_lost(const std::string& tree) {
  lost_.erase(tree);
  if (list_.values().count(key_of_tree(tree)) == 0) return;
  list_.forget(key_of_tree(tree));
  (void)list_.write(store::journal::durable::machine); // else it is told of again
}

} // namespace alder::actors
