// Records with descriptors over a SOCK_SEQPACKET socket pair; never blocks, never raises SIGPIPE.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::os {

/// Descriptors one record can carry.
inline constexpr std::size_t max_record_fds = 8;

/// Two connected ends, non-blocking, close-on-exec, with buffers for records of at least `largest` bytes. Errors: io.
[[nodiscard]] result<std::pair<unique_fd, unique_fd>> record_pair(std::size_t largest);

/// Makes a socket of this process's own: non-blocking, close-on-exec. Errors: invalid_input (not a SOCK_SEQPACKET
/// socket).
outcome adopt_record_socket(int fd);

enum class transfer : std::uint8_t {
  done,
  blocked, ///< nothing to read, or no room to write: wait
  closed,  ///< the other side is gone, or the socket is broken
};

/// Sends one record, at most max_record_fds descriptors with it; they stay open here.
[[nodiscard]] transfer send_record(int socket, std::string_view bytes, std::span<const int> fds);

struct record {
  std::string bytes;
  std::vector<unique_fd> fds; ///< close-on-exec; fewer than were sent when this process has no descriptor left
};

/// Receives one record. One longer than `largest` counts as `closed`, for it breaks the agreement.
[[nodiscard]] transfer receive_record(int socket, std::size_t largest, record& into);

} // namespace alder::os
