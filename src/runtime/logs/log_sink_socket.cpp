// The part of a log sink that sends lines to syslog or the journal.
#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_sink.hpp"
#include "runtime/wire/log_datagram.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace alder::logs {
namespace {

const std::string& host_name() {
  static const std::string name = [] {
    std::array<char, 256> text{};
    return ::gethostname(text.data(), text.size() - 1) == 0 ? std::string{text.data()} : std::string{};
  }();
  return name;
}

} // namespace

/// 0 or an errno.
int log_sink::connect() {
  const auto listener = os::open_socket_file(path_);
  refusal_ = listener ? "" : os::refusal_text(listener.failure());
  if (!listener) return listener.failure().os_errno;
  const auto there = "/proc/self/fd/" + std::to_string(listener->get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, there.c_str(), there.size() + 1);
  unique_fd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return errno;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what sockets are addressed with
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  file_ = std::move(socket);
  is_regular_ = in_line_ = false;
  size_ = 0;
  return 0;
}

/// One datagram a line; a line that is longer than one may be goes in pieces.
log_sink::write_result log_sink::send_lines(std::string_view chunk, moment now) {
  const bool is_journal = rules_.to == log_target::journal;
  const auto most = is_journal ? wire::most_journal_line : wire::most_syslog_line;
  wire::log_message message;
  message.err = writer_.origin.err;
  message.tag = rules_.tag;
  message.tree = writer_.service.tree;
  message.service = writer_.service.name;
  message.host = host_name();
  message.at = std::chrono::floor<std::chrono::milliseconds>(now.wall);
  message.utc_offset = utc_offset_at(now.wall);
  std::size_t taken = 0;
  while (taken < chunk.size()) {
    const auto rest = chunk.substr(taken);
    const auto end = rest.find('\n');
    message.line = clipped(rest.substr(0, end), most);
    const bool is_end = end == message.line.size();
    // The end of a line whose last piece has gone already.
    const bool is_sent = message.line.empty() && raw_in_line_;
    if (!is_sent) {
      if (is_journal) {
        wire::write_journal(buffer_, message, rules_.facility);
      } else {
        wire::write_syslog(buffer_, message, rules_.syslog, rules_.facility);
      }
      if (const int number = send_datagram(); number != 0) return {number, taken};
      bytes_written_ += message.line.size() + (is_end ? 1 : 0);
    }
    taken += message.line.size() + (is_end ? 1 : 0);
    raw_in_line_ = !is_end;
  }
  return {0, taken};
}

/// 0 or an errno; EAGAIN: there is no room. A datagram that is too large for the socket counts as lost.
int log_sink::send_datagram() {
  for (;;) {
    if (::send(file_.get(), buffer_.data(), buffer_.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno == EINTR) continue;
    if (errno != EMSGSIZE) return errno == ENOBUFS ? EAGAIN : errno;
    bytes_lost_ += buffer_.size();
    ++lines_lost_;
    return 0;
  }
}

} // namespace alder::logs
