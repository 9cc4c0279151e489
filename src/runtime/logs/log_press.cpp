#include "runtime/logs/log_press.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/logs/packed_file.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/quiet_thread.hpp"
#include "runtime/policy/log_rotation.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr int lowest_priority = 19;
/// Orders of many services come together: each look at a directory reads all of it.
constexpr std::chrono::milliseconds gathering{100};
constexpr std::chrono::minutes rotation_takes{1}; // at most: an index has its new name before its file

/// Removes an archive and its index.
void remove_archive(const wire::archive_name& name) {
  auto each = name;
  for (const bool is_index : {false, true}) {
    for (const auto how : wire::every_compression) {
      each.is_index = is_index;
      each.compression = how;
      (void)os::remove_file(text_of(each)); // mostly only two of the six are there
    }
  }
}

policy::log_time time_of(const std::string& stamp) {
  const auto at = wire::parse_archive_stamp(stamp);
  return at ? std::chrono::floor<std::chrono::milliseconds>(*at) : policy::log_time{};
}

/// One entry for each archive, whatever forms it is there in; its size is that of all of them.
std::vector<policy::archived_file> archived_files(const std::vector<archive_entry>& entries) {
  std::vector<policy::archived_file> files;
  for (const auto& entry : entries) {
    auto name = entry.name;
    name.is_index = name.is_unfinished = false;
    name.compression = log_compression::none;
    const auto text = text_of(name);
    if (files.empty() || files.back().name != text) files.push_back({text, name.live, 0, time_of(name.stamp)});
    files.back().size += entry.size;
  }
  return files;
}

/// What crashes left: unfinished files, archives whose compressed form is complete, indexes of nothing.
void clear_leftovers(std::vector<archive_entry>& entries, policy::log_time now) {
  std::set<std::string> whole;
  for (const auto& entry : entries)
    if (!entry.name.is_unfinished) whole.insert(text_of(entry.name));
  const auto is_there = [&](wire::archive_name name, bool compressed_only) {
    return std::any_of(wire::every_compression.begin(), wire::every_compression.end(), [&](log_compression how) {
      name.compression = how;
      return (how != log_compression::none || !compressed_only) && whole.count(text_of(name)) > 0;
    });
  };
  const auto is_leftover = [&](const archive_entry& entry) {
    if (entry.name.is_unfinished) return true;
    if (entry.name.compression == log_compression::none && is_there(entry.name, true)) return true;
    if (!entry.name.is_index || now - time_of(entry.name.stamp) < rotation_takes) return false;
    auto file = entry.name;
    file.is_index = false;
    return !is_there(file, false);
  };
  const auto first =
      std::stable_partition(entries.begin(), entries.end(), [&](const archive_entry& e) { return !is_leftover(e); });
  for (auto it = first; it != entries.end(); ++it)
    (void)os::remove_file(text_of(it->name)); // the next time, else
  entries.erase(first, entries.end());
}

} // namespace

log_press::~log_press() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void log_press::look_after(order what) {
  if (what.live.empty()) return;
  const std::lock_guard lock{mutex_};
  auto key = what.live.front();
  waiting_.insert_or_assign(std::move(key), std::move(what));
  if (!thread_.joinable()) thread_ = os::start_quiet_thread("log press", [this] { run(); });
  changed_.notify_all();
}

void log_press::settle() {
  std::unique_lock lock{mutex_};
  is_hurried_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return waiting_.empty() && !is_busy_; });
  is_hurried_ = false;
}

void log_press::run() {
  // On Linux a thread has a priority of its own. When it cannot be lowered it does no harm either.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), lowest_priority);
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    changed_.wait_for(lock, gathering, [this] { return stopping_ || is_hurried_; });
    if (stopping_) return;
    auto orders = std::exchange(waiting_, {});
    is_busy_ = true;
    lock.unlock();
    press(std::move(orders));
    lock.lock();
    is_busy_ = false;
    changed_.notify_all();
  }
}

void log_press::press(std::map<std::string, order>&& orders) {
  std::map<std::string, std::vector<order>> by_directory;
  for (auto& [key, what] : orders) {
    std::set<std::string> directories;
    for (const auto& live : what.live)
      directories.insert(directory_of(live));
    for (const auto& directory : directories)
      by_directory[directory].push_back(what);
  }
  std::vector<packing> to_compress;
  for (const auto& [directory, there] : by_directory)
    tidy(directory, there, to_compress);
  for (const auto& what : to_compress) {
    if (stopping_) return;
    compress(what);
  }
}

void log_press::tidy(const std::string& directory, const std::vector<order>& orders,
                     std::vector<packing>& to_compress) {
  auto entries = archives_in(directory);
  if (!entries || entries->empty()) return;
  const auto now = os::wall_now();
  clear_leftovers(*entries, now);
  const auto all = archived_files(*entries);
  std::map<std::string, std::vector<policy::archived_file>> by_live;
  for (const auto& file : all)
    by_live[file.live].push_back(file);
  std::map<std::string, log_compression> to_press; // live files whose archives are compressed
  std::set<std::string> gone;
  const auto give_up = [&](const std::string& archive) {
    if (const auto name = wire::parse_archive_name(archive); name && gone.insert(archive).second) remove_archive(*name);
  };
  std::uint64_t tree_total = 0;
  std::uint64_t min_free = 0;
  for (const auto& one : orders) {
    std::vector<policy::archived_file> own;
    for (const auto& live : one.live)
      if (const auto found = by_live.find(live); found != by_live.end())
        own.insert(own.end(), found->second.begin(), found->second.end());
    if (own.empty() && one.rules.tree_total == 0 && one.rules.min_free == 0) continue;
    std::stable_sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.rotated < b.rotated; });
    if (one.rules.compress != log_compression::none)
      for (const auto& live : one.live)
        to_press.emplace(live, one.rules.compress);
    for (const auto& archive : policy::surplus_of_service(own, one.rules, one.live.size(), now))
      give_up(archive);
    tree_total = std::max(tree_total, one.rules.tree_total);
    min_free = std::max(min_free, one.rules.min_free);
  }
  const auto left = [&] {
    std::vector<policy::archived_file> kept;
    std::copy_if(all.begin(), all.end(), std::back_inserter(kept),
                 [&](const auto& file) { return gone.count(file.name) == 0; });
    return kept;
  };
  if (tree_total > 0) {
    std::uint64_t sum = 0;
    std::set<std::string> live;
    const auto kept = left();
    for (const auto& file : kept) {
      sum += file.size;
      live.insert(file.live);
    }
    for (const auto& one : orders)
      live.insert(one.live.begin(), one.live.end());
    for (const auto& file : live)
      if (const auto facts = os::facts_of(file)) sum += facts->size;
    if (sum > tree_total)
      for (const auto& archive : policy::oldest_of(kept, sum - tree_total))
        give_up(archive);
  }
  if (const auto free = free_bytes(directory); free < min_free)
    for (const auto& archive : policy::oldest_of(left(), min_free - free))
      give_up(archive);
  std::map<std::string, std::string> newest; // stays plain: that is where people read backwards
  for (const auto& file : all)
    if (const auto name = wire::parse_archive_name(file.name)) newest[file.live] = name->stamp;
  for (const auto& entry : *entries) {
    auto name = entry.name;
    name.is_index = false;
    const auto rule = to_press.find(name.live);
    if (rule != to_press.end() && name.stamp != newest[name.live] && name.compression == log_compression::none &&
        gone.count(text_of(name)) == 0)
      to_compress.push_back({text_of(entry.name), rule->second});
  }
}

/// Readers look for every form of a file, so the order does not matter.
void log_press::compress(const packing& what) {
  const auto& [archive, how] = what;
  const auto to = archive + std::string{wire::ending_of(how)};
  const auto unfinished = to + ".tmp";
  if (!compress_file(archive, unfinished, how, [this] { return !stopping_; })) return; // it stays as it is
  if (!os::rename_file(unfinished, to)) return;
  (void)os::remove_file(archive); // else it is a leftover
}

std::uint64_t log_press::make_room(const std::string& live_path, std::uint64_t bytes) {
  const auto entries = archives_in(directory_of(live_path));
  if (!entries) return 0;
  const auto all = archived_files(*entries);
  std::uint64_t freed = 0;
  for (const auto& archive : policy::oldest_of(all, bytes)) {
    const auto file = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == archive; });
    if (const auto name = wire::parse_archive_name(archive)) remove_archive(*name);
    freed += file->size;
  }
  return freed;
}

} // namespace alder::logs
