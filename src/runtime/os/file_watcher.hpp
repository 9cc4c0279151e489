// Tells of files that change, with one inotify instance for all who ask. Directories are watched with all below them,
// also those that are made later. Costs nothing while nothing changes: no timer, no polling.
#pragma once

#include "alder/spec.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace alder::os {

class file_watcher {
public:
  using changed = std::function<void(const std::string& path)>;

  /// `complain` is told when the system does not let us watch (each time something is left unwatched).
  file_watcher(boost::asio::io_context& loop, std::function<void(const std::string& what)> complain);

  /// Calls `then` on the loop thread when something that counts for `what` has changed and then nothing for its
  /// debounce time (5 s at most), with the path that changed last. Until the answer is let go, which may outlive this.
  /// Directories are read at once, and with `content` the files in them too (16 MiB each, 64 MiB in all; larger ones
  /// count as changed whenever they are written).
  [[nodiscard]] std::shared_ptr<void> watch(const watch_spec& what, changed then);

  /// How many directories are watched.
  [[nodiscard]] std::size_t directories() const;

private:
  class engine;
  std::shared_ptr<engine> engine_;
};

} // namespace alder::os
