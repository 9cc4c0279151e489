#include "runtime/os/unix_socket.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/words.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace alder::os {
namespace {

constexpr std::size_t control_size = CMSG_SPACE(sizeof(int) * max_record_fds);

error refused(const char* what) {
  const int number = errno;
  return {error_kind::io, std::string{what} + ": " + errno_text(number), number};
}

/// Whether a failed call may be tried when the socket is ready again. When the machine has no memory, or too many
/// descriptors are under way (ETOOMANYREFS), the other side is there all the same; no event tells when it is over, so
/// the pause keeps a poll loop from spinning.
transfer failed_transfer() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return transfer::blocked;
  constexpr int pause_ms = 1;
  if (errno != ENOBUFS && errno != ENOMEM && errno != ETOOMANYREFS) return transfer::closed;
  (void)::poll(nullptr, 0, pause_ms); // a signal may end it early
  return transfer::blocked;
}

/// recvmsg, again after a signal, and once more after ECONNRESET: the kernel reports that the other side died with
/// records of ours unread before it hands out the records it had sent.
ssize_t receive(int socket, msghdr& header, int flags) {
  bool was_reset = false;
  for (;;) {
    const auto got = ::recvmsg(socket, &header, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got >= 0) return got;
    if (errno == ECONNRESET && !was_reset)
      was_reset = true;
    else if (errno != EINTR)
      return got;
  }
}

void collect_fds(msghdr& header, std::vector<unique_fd>& fds) {
  for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

} // namespace

result<std::pair<unique_fd, unique_fd>> record_pair(std::size_t largest) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return refused("socketpair");
  std::pair<unique_fd, unique_fd> pair{unique_fd{ends[0]}, unique_fd{ends[1]}};
  // The kernel doubles the value for its own bookkeeping and caps it at net.core.wmem_max, whose default leaves room
  // enough.
  const int size = static_cast<int>(largest);
  for (const int end : ends)
    if (::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0) return refused("SO_SNDBUF");
  return pair;
}

outcome adopt_record_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return error{error_kind::invalid_input, "descriptor " + std::to_string(fd) + " is not the keeper's channel", 0};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return refused("O_NONBLOCK");
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return refused("FD_CLOEXEC");
  return success();
}

transfer send_record(int socket, std::string_view bytes, std::span<const int> fds) {
  ALDER_ASSERT(fds.size() <= max_record_fds);
  iovec content{const_cast<char*>(bytes.data()), bytes.size()}; // sendmsg does not write to it
  alignas(cmsghdr) std::array<char, control_size> control{};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    auto* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    if (errno != EINTR) return failed_transfer();
  return transfer::done;
}

transfer receive_record(int socket, std::size_t largest, record& into) {
  into.fds.clear();
  // The length is asked for first, so that a small record does not need a large buffer.
  msghdr header{};
  const auto length = receive(socket, header, MSG_PEEK | MSG_TRUNC);
  if (length < 0) return failed_transfer();
  if (length == 0 || static_cast<std::size_t>(length) > largest) return transfer::closed;
  into.bytes.resize(static_cast<std::size_t>(length));
  iovec content{into.bytes.data(), into.bytes.size()};
  alignas(cmsghdr) std::array<char, control_size> control{};
  header = {};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto got = receive(socket, header, 0);
  if (got < 0) return failed_transfer();
  collect_fds(header, into.fds);
  return got == length ? transfer::done : transfer::closed;
}

} // namespace alder::os
