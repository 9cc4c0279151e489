#include "runtime/os/program_channels.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/base/words.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace alder::os {

std::optional<datagram> receive_datagram(int socket) {
  constexpr std::size_t longest = 4096;
  constexpr std::size_t most_fds = 16;
  datagram in;
  in.text.resize(longest);
  iovec content{in.text.data(), in.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * most_fds)> control{};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return std::nullopt;
  in.text.resize(static_cast<std::size_t>(got));
  for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
      in.pid = sender.pid;
      in.uid = sender.uid;
    } else if (part->cmsg_type == SCM_RIGHTS) {
      const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        const unique_fd closed{fd};
      }
    }
  }
  return in;
}

stream_state read_stream(int fd, std::span<char> into, std::size_t& count) {
  count = 0;
  ssize_t got = -1;
  do {
    got = ::read(fd, into.data(), into.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? stream_state::empty : stream_state::closed;
  if (got == 0) return stream_state::closed;
  count = static_cast<std::size_t>(got);
  return stream_state::more;
}

outcome send_stream(int socket, std::string_view text) {
  ssize_t sent = -1;
  do {
    sent = ::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent == static_cast<ssize_t>(text.size())) return success();
  if (sent >= 0) {
    // Half a line would end the program, which takes it for JSON: better no channel.
    (void)::shutdown(socket, SHUT_RDWR); // it is a connected socket
    return error{error_kind::unavailable, "its IPC channel accepted only part of the message and was closed"};
  }
  if (errno == EAGAIN)
    return error{error_kind::conflict, "its IPC channel is full: the program does not read it", errno};
  if (errno == EPIPE || errno == ECONNRESET)
    return error{error_kind::unavailable, "it has closed its IPC channel", errno};
  return error{error_kind::io, errno_text(errno), errno};
}

} // namespace alder::os
