// The read end of one process's output, as the log pump waits for it: polled or not, held or not, and fed by a terminal
// if the process has one.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace alder::logs {

/// Bytes in a pipe.
[[nodiscard]] std::size_t bytes_waiting(int fd);

/// Errors are an errno, 0 when there is none.
class output_pipe {
public:
  /// `pipe` becomes non-blocking.
  explicit output_pipe(unique_fd pipe);

  /// What this terminal shows is moved into the pipe, to which nobody else writes.
  [[nodiscard]] int feed_from(unique_fd terminal);
  /// Moves it, without looking at it: a daemon that dies meanwhile leaves it in one or the other. The terminal goes
  /// when nobody has it open any more.
  [[nodiscard]] int fill(int epoll);
  [[nodiscard]] bool has_terminal() const { return terminal_.valid(); }

  [[nodiscard]] int fd() const { return pipe_.get(); }
  [[nodiscard]] std::size_t waiting() const { return bytes_waiting(pipe_.get()); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// Makes it larger, if the kernel lets us; whether it did.
  [[nodiscard]] bool enlarge(std::size_t capacity);

  /// Lets `epoll` tell that it has something, or its terminal, by this id.
  [[nodiscard]] int poll(int epoll, std::uint64_t id);
  void stop_polling(int epoll);
  [[nodiscard]] bool is_polled() const { return is_polled_; }

  /// A line has begun in it and has no end yet: of these bytes `epoll` tells no more, but of what comes. False: it is
  /// not polled, or cannot be held, and is read again and again.
  bool hold(int epoll, std::uint64_t id, std::size_t bytes);
  /// How many bytes are held: they wait for the rest of their line.
  [[nodiscard]] const std::optional<std::size_t>& held() const { return held_; }

private:
  unique_fd pipe_;
  unique_fd terminal_; ///< none, or nobody has it open any more
  unique_fd feed_;     ///< the pipe's other end, while there is a terminal
  std::size_t capacity_;
  bool is_polled_ = false;
  std::optional<std::size_t> held_;
};

} // namespace alder::logs
