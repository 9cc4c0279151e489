#include "runtime/os/file_watcher.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/unique_fd.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/path_trail.hpp"
#include "runtime/os/quiet_thread.hpp"
#include "runtime/policy/watch_rules.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// Of a directory that is watched with all that is in it …
constexpr std::uint32_t interest = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
/// … and of one on the way to it: its entries are told apart by name, and most are nobody's concern.
constexpr std::uint32_t way_interest = IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t always = IN_ONLYDIR | IN_EXCL_UNLINK | IN_MASK_ADD;
constexpr int most_looks = 16; ///< at a way that changes while it is looked at
constexpr std::chrono::seconds longest_debounce{5};
constexpr std::size_t largest_file = std::size_t{16} << 20U;
constexpr std::size_t most_content = std::size_t{64} << 20U;
constexpr unsigned deepest = 256;

/// FNV-1a, 64 bits: told apart are contents, not attackers.
std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::string joined(const std::string& directory, std::string_view name) {
  return (directory == "/" ? directory : directory + "/") + std::string{name};
}

bool is_below(std::string_view path, const std::string& directory) {
  return path == directory || (path.substr(0, directory.size()) == directory && path[directory.size()] == '/');
}

} // namespace

namespace {

/// What the watcher's thread does.
class watch_engine {
public:
  using changed = file_watcher::changed;

  watch_engine(asio::io_context& loop, std::function<void(const std::string&)> complain)
      : loop_(loop), inotify_(loop), complain_(std::move(complain)) {}

  struct subscription : std::enable_shared_from_this<subscription> {
    subscription(asio::io_context& loop, watch_spec spec, changed call)
        : what(std::move(spec)), then(std::move(call)), timer(loop) {}

    watch_spec what;
    changed then;
    asio::steady_timer timer;
    std::optional<asio::steady_timer::time_point> first;                 ///< of the changes that wait
    std::string path;                                                    ///< the last of them
    std::map<std::string, path_trail> ways;                              ///< by path of `what`
    std::map<std::string, std::set<std::pair<int, std::string>>> places; ///< descriptors and entries of those ways
    std::map<std::string, int> directories;        ///< below them, by the name they have there: descriptors
    std::map<std::string, std::uint64_t> contents; ///< by file
    std::size_t content_left = most_content;
  };

  void join(std::uint64_t id, watch_spec what, changed then) {
    if (!open()) return;
    const auto one = std::make_shared<subscription>(loop_, std::move(what), std::move(then));
    held_[id] = one;
    subscriptions_.push_back(one.get());
    unsigned left_out = 0;
    for (const auto& root : one->what.paths) {
      (void)walk_to(*one, root);
      left_out += add_root(*one, root);
    }
    if (left_out > 0)
      complain_(counted(left_out, "directory") + (left_out == 1 ? " is" : " are") + " not watched: " +
                errno_text(last_errno_) + (last_errno_ == ENOSPC ? "; raise fs.inotify.max_user_watches" : ""));
  }
  void leave(std::uint64_t id) {
    const auto gone = held_.extract(id);
    if (!gone.empty()) leave(gone.mapped().get());
  }

  [[nodiscard]] std::size_t directories() const {
    return static_cast<std::size_t>(
        std::count_if(watched_.begin(), watched_.end(), [](const auto& one) { return !one.second.names.empty(); }));
  }

private:
  bool open() {
    if (inotify_.is_open()) return true;
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
      complain_("files cannot be watched: " + errno_text(errno));
      return false;
    }
    inotify_.assign(fd);
    wait();
    return true;
  }

  void leave(subscription* gone) {
    subscriptions_.remove(gone);
    for (auto next = watched_.begin(); next != watched_.end();) {
      auto& [wd, directory] = *next++;
      directory.names.erase(gone);
      directory.entries.erase(gone);
      drop_if_unwanted(wd);
    }
    if (!subscriptions_.empty() || !inotify_.is_open()) return;
    boost::system::error_code ignored; // closing what only we have open
    inotify_.close(ignored);
    watched_.clear();
  }

  void drop_if_unwanted(int wd) {
    const auto found = watched_.find(wd);
    if (found == watched_.end() || !found->second.names.empty() || !found->second.entries.empty()) return;
    watched_.erase(found);
    (void)::inotify_rm_watch(inotify_.native_handle(), wd); // its directory may be gone
  }

  /// The descriptor of a directory, or -1 with last_errno_.
  int watch_directory(const std::string& directory, std::uint32_t mask) {
    const int wd = ::inotify_add_watch(inotify_.native_handle(), directory.c_str(), mask | always);
    if (wd < 0) last_errno_ = errno;
    return wd;
  }

  // -- the way to a path

  /// Watches the way to `root` as it is; whether it leads elsewhere than it did.
  bool walk_to(subscription& one, const std::string& root) {
    auto& known = one.ways[root];
    const auto before = known.end;
    // It may change while it is being watched, so it is looked at until two looks saw the same.
    for (int look = 0; look < most_looks; ++look) {
      known = follow_path(root);
      auto& places = one.places[root];
      places.clear();
      for (const auto& step : known.steps) {
        const bool is_last = &step == &known.steps.back();
        const bool waits = is_last && !known.end; // for something to be made there
        const bool is_file = is_last && known.end && !known.end->is_directory;
        const int wd = watch_directory(step.directory, way_interest | (waits || is_file ? interest : 0));
        if (wd < 0) continue; // only others can change it, and we may not look
        watched_[wd].entries[&one].insert(step.name);
        places.emplace(wd, step.name);
      }
      if (follow_path(root) == known) break;
    }
    forget_old_ways(one);
    return known.end != before;
  }

  /// What is on none of its ways any more.
  void forget_old_ways(subscription& one) {
    const auto is_on_way = [&](int wd, const std::string& name) {
      return std::any_of(one.places.begin(), one.places.end(), [&](const auto& way) {
        return way.second.count({wd, name}) > 0;
      });
    };
    for (auto next = watched_.begin(); next != watched_.end();) {
      auto& [wd, directory] = *next++;
      const auto mine = directory.entries.find(&one);
      if (mine == directory.entries.end()) continue;
      std::erase_if(mine->second, [&, wd = wd](const std::string& name) { return !is_on_way(wd, name); });
      if (mine->second.empty()) directory.entries.erase(mine);
      drop_if_unwanted(wd);
    }
  }

  /// Something on the way to one of its paths is another one.
  void on_way(subscription& one, std::uint32_t mask, const std::string& name) {
    for (const auto& root : one.what.paths) {
      const auto& way = one.ways[root];
      const bool concerns =
          std::any_of(way.steps.begin(), way.steps.end(), [&](const trail_step& step) { return step.name == name; });
      if (!concerns) continue;
      const auto before = way.end;
      const bool is_end = !way.steps.empty() && way.steps.back().name == name;
      const bool is_file = before && !before->is_directory;
      const bool leads_elsewhere = walk_to(one, root);
      const auto& now = one.ways[root].end;
      if (leads_elsewhere || lost_its_watch(one, root)) {
        renew(one, root, before, (mask & IN_CREATE) != 0 && is_end);
      } else if (is_end && is_file && now && (mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) {
        if (learn(one, root)) note(one, root);
      }
    }
  }

  /// An inode's number is used again, its descriptor is not.
  bool lost_its_watch(subscription& one, const std::string& root) {
    const auto& end = one.ways[root].end;
    if (!end || !end->is_directory || !policy::is_watched(one.what, root)) return false;
    const int wd = watch_directory(root, interest);
    const auto known = one.directories.find(root);
    return wd >= 0 && (known == one.directories.end() || wd != known->second);
  }

  /// The path leads to something else: that counts from now on, and what it led to before does not.
  void renew(subscription& one, const std::string& root, const std::optional<trail_end>& before, bool was_made) {
    const auto former = one.contents;
    drop_below(one, root);
    std::erase_if(one.contents, [&](const auto& file) { return is_below(file.first, root); });
    one.content_left = most_content;
    (void)add_root(one, root); // what cannot be watched was told of before
    const auto& now = one.ways[root].end;
    if (one.what.content) {
      if (one.contents != former) note(one, root);
      return;
    }
    if (!before && now && now->is_directory && !has_file(one, root, 0)) return; // an empty directory changes nothing
    if (!before && now && was_made && !now->is_settled) return;                 // it is told of when it is written
    note(one, root);
  }

  // -- what is below a path

  void drop_below(subscription& one, const std::string& directory) {
    for (auto next = one.directories.begin(); next != one.directories.end();) {
      const auto [name, wd] = *next;
      ++next;
      if (!is_below(name, directory)) continue;
      one.directories.erase(name);
      const auto found = watched_.find(wd);
      if (found == watched_.end()) continue;
      auto& names = found->second.names;
      if (const auto mine = names.find(&one); mine != names.end()) {
        mine->second.erase(name);
        if (mine->second.empty()) names.erase(mine);
      }
      drop_if_unwanted(wd);
    }
  }

  /// How many directories could not be watched.
  unsigned add_root(subscription& one, const std::string& root) {
    std::error_code failed;
    if (fs::is_directory(root, failed)) return add_tree(one, root, 0);
    learn(one, root);
    return 0;
  }

  bool add_directory(subscription& one, const std::string& directory) {
    const int wd = watch_directory(directory, interest);
    if (wd < 0) return last_errno_ == ENOENT || last_errno_ == ENOTDIR; // gone meanwhile
    if (const auto known = one.directories.find(directory); known != one.directories.end() && known->second != wd)
      drop_below(one, directory); // it is another one now
    one.directories[directory] = wd;
    watched_[wd].names[&one].insert(directory);
    return true;
  }

  unsigned add_tree(subscription& one, const std::string& directory, unsigned depth) {
    if (depth > deepest || !policy::is_watched(one.what, directory)) return 0;
    unsigned left_out = add_directory(one, directory) ? 0 : 1;
    std::error_code failed;
    for (fs::directory_iterator it{directory, failed}, end; !failed && it != end; it.increment(failed)) {
      std::error_code unknown;
      const auto path = it->path().string();
      if (it->is_symlink(unknown)) continue;
      if (it->is_directory(unknown)) {
        left_out += add_tree(one, path, depth + 1);
      } else if (one.what.content) {
        learn(one, path);
      }
    }
    return left_out;
  }

  /// Notes the content of a file; whether it is another than before.
  static bool learn(subscription& one, const std::string& path) {
    if (!one.what.content || !policy::is_watched(one.what, path)) return true;
    const auto bytes = read_file(path, std::min(largest_file, one.content_left));
    if (!bytes) return one.contents.erase(path) > 0 || bytes.failure().kind != error_kind::not_found;
    one.content_left -= one.contents.count(path) > 0 ? 0 : bytes->size();
    const auto hash = hash_of(*bytes);
    const auto [place, is_new] = one.contents.emplace(path, hash);
    return is_new || std::exchange(place->second, hash) != hash;
  }

  void wait() {
    inotify_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& failed) {
      if (failed || !inotify_.is_open()) return;
      read();
      if (inotify_.is_open()) wait();
    });
  }

  void read() {
    alignas(inotify_event) std::array<char, 65536> buffer;
    const auto size = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
    for (std::size_t at = 0; size > 0 && at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event e;
      std::memcpy(&e, buffer.data() + at, sizeof e);
      const char* name = buffer.data() + at + sizeof e;
      at += sizeof e + e.len;
      on_event(e, e.len > 0 ? std::string_view{name, ::strnlen(name, e.len)} : std::string_view{});
    }
  }

  void on_event(const inotify_event& e, std::string_view name) {
    if ((e.mask & IN_Q_OVERFLOW) != 0) return on_overflow();
    const auto found = watched_.find(e.wd);
    if (found == watched_.end()) return;
    const auto directory = found->second; // what follows may change it
    if ((e.mask & IN_IGNORED) != 0) {     // the directory is gone
      watched_.erase(found);
      for (const auto& [one, names] : directory.names)
        for (const auto& gone : names)
          one->directories.erase(gone);
      for (const auto& [one, names] : directory.entries)
        for (const auto& gone : names)
          on_way(*one, e.mask, gone);
      return;
    }
    for (const auto& [one, names] : directory.names)
      for (const auto& known_as : names)
        on_entry(*one, e.mask, joined(known_as, name));
    for (const auto& [one, names] : directory.entries)
      if (const auto mine = names.find(std::string{name}); mine != names.end()) on_way(*one, e.mask, *mine);
  }

  void on_entry(subscription& one, std::uint32_t mask, const std::string& path) {
    if ((mask & IN_ISDIR) != 0) return on_directory(one, mask, path);
    // A new file is told of when it is written, unless it is a link to what is written already.
    struct stat facts {};
    const bool is_plain =
        (mask & IN_CREATE) != 0 && ::lstat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1;
    if (is_plain) return;
    if (policy::is_watched(one.what, path) && learn(one, path)) note(one, path);
  }

  /// Files can be in a new directory before it is watched.
  void on_directory(subscription& one, std::uint32_t mask, const std::string& path) {
    const bool comes = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
    if ((mask & IN_MOVED_FROM) != 0) drop_below(one, path);
    if (!policy::is_watched(one.what, path)) return;
    if (comes) (void)add_root(one, path); // what cannot be watched was told of before
    if ((mask & IN_MOVED_FROM) != 0 || (comes && has_file(one, path, 0))) note(one, path);
  }

  static bool has_file(const subscription& one, const std::string& directory, unsigned depth) {
    std::error_code failed;
    for (fs::directory_iterator it{directory, failed}, end; !failed && it != end; it.increment(failed)) {
      std::error_code unknown;
      const auto path = it->path().string();
      if (!policy::is_watched(one.what, path)) continue;
      const bool is_directory = it->is_directory(unknown) && !it->is_symlink(unknown);
      if (!is_directory || (depth < deepest && has_file(one, path, depth + 1))) return true;
    }
    return false;
  }

  /// Too much happened at once: nobody knows what.
  void on_overflow() {
    for (auto* one : subscriptions_) {
      for (const auto& root : one->what.paths) {
        (void)walk_to(*one, root);
        drop_below(*one, root);
        (void)add_root(*one, root);
      }
      note(*one, one->what.paths.front());
    }
  }

  void note(subscription& one, const std::string& path) {
    const auto now = asio::steady_timer::clock_type::now();
    if (!one.first) one.first = now;
    one.path = path;
    const auto latest = *one.first + longest_debounce;
    one.timer.expires_at(
        std::min(now + std::min<std::chrono::milliseconds>(one.what.debounce, longest_debounce), latest));
    one.timer.async_wait([who = one.weak_from_this()](const boost::system::error_code& failed) {
      const auto due = who.lock();
      if (failed || !due) return; // it is put off, or the subscription is gone
      due->first.reset();
      due->then(due->path);
    });
  }

  asio::io_context& loop_;
  asio::posix::stream_descriptor inotify_;
  std::function<void(const std::string&)> complain_;
  std::map<std::uint64_t, std::shared_ptr<subscription>> held_;
  std::list<subscription*> subscriptions_;
  struct watched_directory {
    std::map<subscription*, std::set<std::string>> names;   ///< what those who watch all that is in it call it
    std::map<subscription*, std::set<std::string>> entries; ///< that are on somebody's way
  };
  std::map<int, watched_directory> watched_; ///< by watch descriptor: one a directory, by whatever name it is known
  int last_errno_ = 0;
};

} // namespace

/// The thread holds it, so that one that waits for a file system finds it when it comes back. The engine is touched by
/// the thread alone.
struct file_watcher::side {
  side(asio::io_context& main, const std::shared_ptr<complaint>& complain)
      : main_loop(main), engine(loop, [this, to = std::weak_ptr<complaint>{complain}](const std::string& what) {
          tell([to, what] {
            if (const auto wanted = to.lock()) (*wanted)(what);
          });
        }) {}

  /// Calls this on the daemon's loop, if that still wants to know.
  void tell(std::function<void()> what) {
    const std::lock_guard lock{mutex};
    if (!is_closed) asio::post(main_loop, std::move(what));
  }

  asio::io_context& main_loop;
  std::mutex mutex;
  bool is_closed = false;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> always{loop.get_executor()};
  watch_engine engine;
};

/// On the daemon's loop.
struct file_watcher::subscriber {
  subscriber(std::shared_ptr<side> watched_by, std::uint64_t number, changed call)
      : by(std::move(watched_by)), id(number), then(std::move(call)) {}
  ~subscriber() {
    asio::post(by->loop, [&engine = by->engine, gone = id] { engine.leave(gone); });
  }
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;

  std::shared_ptr<side> by;
  std::uint64_t id;
  changed then;
};

file_watcher::file_watcher(boost::asio::io_context& loop, complaint complain)
    : complain_(std::make_shared<complaint>(std::move(complain))), side_(std::make_shared<side>(loop, complain_)) {}

file_watcher::~file_watcher() {
  const std::lock_guard lock{side_->mutex};
  side_->is_closed = true;
  side_->loop.stop();
}

std::shared_ptr<void> file_watcher::watch(const watch_spec& what, changed then) {
  if (!has_thread_) {
    try {
      start_quiet_thread("file watcher", [by = side_] { by->loop.run(); }).detach();
      has_thread_ = true;
    } catch (const std::system_error& failed) {
      (*complain_)(std::string{"files cannot be watched: "} + failed.what());
    }
  }
  auto one = std::make_shared<subscriber>(side_, ++last_, std::move(then));
  auto on_change = [by = side_.get(), who = std::weak_ptr<subscriber>{one}](const std::string& path) {
    by->tell([who, path] {
      if (const auto wanted = who.lock()) wanted->then(path);
    });
  };
  asio::post(side_->loop,
             [&engine = side_->engine, id = last_, what, then = std::move(on_change)] { engine.join(id, what, then); });
  return one;
}

std::size_t file_watcher::directories() const {
  if (!has_thread_) return 0;
  std::promise<std::size_t> count;
  asio::post(side_->loop, [&] { count.set_value(side_->engine.directories()); });
  return count.get_future().get();
}

} // namespace alder::os
