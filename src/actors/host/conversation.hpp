// What is said between the daemon and one process: its input, its IPC channel, its notices and its readiness pipe.
// Loop thread only; nothing here costs anything while nobody speaks.
//
// A program that says more than is handled is held back by not being read: its channels fill, and it waits or is told
// EAGAIN. From each channel a turn takes at most `most_notices` notices, `most_bytes` bytes and `longest_turn`; the
// next turn begins when all of them have been handled, and after a turn that was full a pause follows that is four
// times as long as that took, so that all floods together take a fifth of the loop.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/wire/program_notice.hpp"

#include "alder/error.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace alder::actors {

class conversation {
public:
  static constexpr int most_notices = 64;
  static constexpr std::size_t most_bytes = std::size_t{256} * 1024;
  static constexpr std::chrono::milliseconds longest_turn{5};
  /// What it writes to its readiness descriptor without a line end; then that is closed.
  static constexpr std::size_t most_before_ready = 4096;

  struct ends {
    unique_fd input, ipc, notify, ready; ///< any may be invalid
  };
  /// Held while a notice has not been handled yet.
  using receipt = std::shared_ptr<const void>;
  struct hearers {
    std::function<void(wire::program_notice, receipt)> hear;
    /// Whether the sender of a notice belongs to the process.
    std::function<bool(int pid, std::uint32_t uid)> is_ours;
  };

  /// Reads at once what waits in the channels, from the loop and not from inside this call.
  conversation(boost::asio::io_context& loop, ends e, hearers h);
  ~conversation(); ///< nothing is heard any more
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// Hears at once what waits on the notify socket, at most for `longest_last_words`.
  void read_notices_now();

  /// Writes to its standard input, as a whole or not at all; a terminal that is full may take a part. Errors:
  /// invalid_input (it is no pipe), too_large (more than 4096 bytes), unavailable, conflict (the pipe is full).
  outcome write_input(std::string_view bytes);
  /// Sends a JSON document over IPC. Errors: invalid_input (no channel, not JSON), too_large (more than 32 KiB),
  /// unavailable, conflict (it does not read).
  outcome send_message(std::string_view json);

  static constexpr std::chrono::milliseconds longest_last_words{50};

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace alder::actors
