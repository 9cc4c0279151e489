// Our ends of what a program talks through: datagrams with their senders, streams without blocking.
#pragma once

#include "alder/error.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace alder::os {

struct datagram {
  std::string text; ///< at most 4096 bytes, the rest is cut off
  int pid = 0;      ///< of the sender, as the kernel says; 0: it does not
  std::uint32_t uid = 0;
};

/// The next datagram of a socket with SO_PASSCRED; nothing when there is none. Descriptors that come along are closed,
/// which tells a sender that waits for it (BARRIER=1) that it was received.
[[nodiscard]] std::optional<datagram> receive_datagram(int socket);

enum class stream_state : std::uint8_t { more, empty, closed };
/// Reads what there is, at most `into`. `more`: there may be more; `count` bytes were read.
[[nodiscard]] stream_state read_stream(int fd, std::span<char> into, std::size_t& count);

/// Sends `text` over a stream socket, as a whole or not at all. Errors: conflict (the other side does not read),
/// unavailable (it has closed its end), io.
outcome send_stream(int socket, std::string_view text);

} // namespace alder::os
