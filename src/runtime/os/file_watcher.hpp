// Tells of files that change, with one inotify instance for all who ask. Directories are watched with all below them,
// also those that are made later. Costs nothing while nothing changes: no timer, no polling. Directories and files are
// read by a thread of its own, which begins with the first watch: a file system that does not answer holds up nobody
// else.
//
// What counts is the path, not what it leads to at the moment: the way to it is watched too (path_trail.hpp), so that a
// directory that is deleted and made again, swapped by a rename or reached through a link that is switched is noticed,
// and what the path led to before does not count any more.
#pragma once

#include "alder/spec.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace alder::os {

class file_watcher {
public:
  using changed = std::function<void(const std::string& path)>;
  using complaint = std::function<void(const std::string& what)>;

  /// `complain` is told when the system does not let us watch (each time something is left unwatched).
  file_watcher(boost::asio::io_context& loop, complaint complain);
  ~file_watcher();
  file_watcher(const file_watcher&) = delete;
  file_watcher& operator=(const file_watcher&) = delete;

  /// Calls `then` on the loop thread when something that counts for `what` has changed and then nothing for its
  /// debounce time (5 s at most), with the path that changed last. Until the answer is let go, which may outlive this.
  /// Directories are read soon, and with `content` the regular files in them too (16 MiB each, 64 MiB in all; larger
  /// ones, and what is no regular file, count as changed whenever they are written).
  [[nodiscard]] std::shared_ptr<void> watch(const watch_spec& what, changed then);

  /// How many directories are watched, when all that was asked for so far is done, for which it waits; a seam of
  /// tests.
  [[nodiscard]] std::size_t directories() const;

private:
  struct side;
  struct subscriber;
  std::shared_ptr<complaint> complain_;
  std::shared_ptr<side> side_;
  std::uint64_t last_ = 0; ///< watch
  bool has_thread_ = false;
};

} // namespace alder::os
