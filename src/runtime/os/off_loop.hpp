// Work that may take long, on threads beside the loop: reading what lies on a file system that may not answer.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace alder::os {

/// Threads begin when they are needed, 32 at most; one that is stuck in the kernel is left to itself. All calls come
/// from the loop thread.
class off_loop {
public:
  explicit off_loop(boost::asio::io_context& loop);
  ~off_loop();
  off_loop(const off_loop&) = delete;
  off_loop& operator=(const off_loop&) = delete;

  /// Calls `work` on a thread, and then `then` on the loop: with true when it is done; with false when it was not after
  /// `patience`, or when an earlier work with this key still hangs. `then` is not called any more when this is gone.
  void run(const std::string& key, std::function<void()> work, std::chrono::milliseconds patience,
           std::function<void(bool done)> then);

  /// The same for work that has a result; none: it was not done in time.
  template <class T> void ask(const std::string& key, std::function<T()> work, std::chrono::milliseconds patience,
                              std::function<void(std::optional<T>)> then) {
    const auto slot = std::make_shared<std::optional<T>>();
    run(
        key, [slot, work = std::move(work)] { *slot = work(); }, patience,
        [slot, then = std::move(then)](bool done) { then(done ? std::move(*slot) : std::optional<T>{}); });
  }

private:
  struct waiting;
  struct desk; // where the threads find their work
  void finish(std::uint64_t id, bool done);

  boost::asio::io_context& loop_;
  std::shared_ptr<desk> desk_;
  std::shared_ptr<waiting> waiting_;
};

} // namespace alder::os
