// What is said between the daemon and one process: its input, its IPC channel, its notices and its readiness pipe.
// Loop thread only; nothing here costs anything while nobody speaks.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/wire/program_notice.hpp"

#include "alder/error.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace alder::actors {

class conversation {
public:
  struct ends {
    unique_fd input, ipc, notify, ready; ///< any may be invalid
  };
  struct hearers {
    std::function<void(wire::program_notice)> hear;
    /// Whether the sender of a notice belongs to the process.
    std::function<bool(int pid, std::uint32_t uid)> is_ours;
  };

  /// Reads at once what waits in the channels, from the loop and not from inside this call.
  conversation(boost::asio::io_context& loop, ends e, hearers h);
  ~conversation(); ///< nothing is heard any more
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// Hears at once what waits on the notify socket.
  void read_notices_now();

  /// Writes to its standard input, as a whole or not at all; a terminal that is full may take a part. Errors:
  /// invalid_input (it is no pipe), too_large (more than 4096 bytes), unavailable, conflict (the pipe is full).
  outcome write_input(std::string_view bytes);
  /// Sends a JSON document over IPC. Errors: invalid_input (no channel, not JSON), too_large (more than 32 KiB),
  /// unavailable, conflict (it does not read).
  outcome send_message(std::string_view json);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace alder::actors
