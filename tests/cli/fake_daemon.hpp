// A daemon for the tests of the command line: an HTTP server on a unix socket that says exactly the bytes a test wants.
#pragma once

#include "tests/support/temporary_directory.hpp"

#include "runtime/base/unique_fd.hpp"

#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace alder::test {

struct seen_request {
  std::string method;
  std::string target;
  std::string head;
  std::string body;
};

/// One accepted connection, inside its handler.
class fake_connection {
public:
  explicit fake_connection(int fd) : fd_{fd} {}
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void close() const { (void)::shutdown(fd_, SHUT_RDWR); }
  /// Until the other side closes, or the fake ends.
  void wait_for_close() const {
    char byte = 0;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }

private:
  int fd_;
};

inline std::string answer(unsigned status, std::string_view body, std::string_view type = "application/json") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + std::string{type} +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}
inline std::string stream_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
}
inline std::string chunk(std::string_view text) {
  std::string size;
  for (auto left = text.size(); left > 0; left /= 16)
    size.insert(size.begin(), "0123456789abcdef"[left % 16]);
  return size + "\r\n" + std::string{text} + "\r\n";
}
inline std::string last_chunk() { return "0\r\n\r\n"; }
/// A whole stream of lines.
inline std::string stream(const std::vector<std::string>& lines) {
  auto text = stream_head();
  for (const auto& line : lines)
    text += chunk(line + "\n");
  return text + last_chunk();
}

class fake_daemon {
public:
  using handler = std::function<void(const seen_request&, const fake_connection&)>;

  /// Listens in `home`/run/alder.sock.
  fake_daemon(const std::string& home, handler handle) : socket_{home + "/run/alder.sock"}, handle_{std::move(handle)} {
    (void)::mkdir((home + "/run").c_str(), 0700); // may be there
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof(address.sun_path) - 1);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(listener_.get(), 64) != 0)
      throw std::runtime_error("the fake daemon cannot listen");
    acceptor_ = std::thread{[this] { accept_all(); }};
  }
  fake_daemon(const fake_daemon&) = delete;
  fake_daemon& operator=(const fake_daemon&) = delete;
  ~fake_daemon() {
    (void)::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard hold{lock_};
      for (const auto& one : open_)
        (void)::shutdown(one.get(), SHUT_RDWR);
    }
    for (auto& one : threads_)
      one.join();
  }

  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] std::vector<seen_request> seen() const {
    const std::lock_guard hold{lock_};
    return seen_;
  }
  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard hold{lock_};
    return open_.size();
  }

private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard hold{lock_};
      open_.emplace_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string pending;
    const fake_connection connection{fd};
    while (true) {
      seen_request request;
      if (!read_request(fd, pending, request)) return;
      {
        const std::lock_guard hold{lock_};
        seen_.push_back(request);
      }
      handle_(request, connection);
    }
  }

  static bool fill(int fd, std::string& pending) {
    char piece[4096];
    const auto size = ::recv(fd, piece, sizeof(piece), 0);
    if (size <= 0) return false;
    pending.append(piece, static_cast<std::size_t>(size));
    return true;
  }

  static bool read_request(int fd, std::string& pending, seen_request& request) {
    std::size_t end = 0;
    while ((end = pending.find("\r\n\r\n")) == std::string::npos)
      if (!fill(fd, pending)) return false;
    request.head = pending.substr(0, end + 2);
    pending.erase(0, end + 4);
    const auto first = request.head.find(' ');
    request.method = request.head.substr(0, first);
    request.target = request.head.substr(first + 1, request.head.find(' ', first + 1) - first - 1);
    std::size_t size = 0;
    if (const auto at = request.head.find("Content-Length: "); at != std::string::npos)
      size = std::stoul(request.head.substr(at + 16));
    while (pending.size() < size)
      if (!fill(fd, pending)) return false;
    request.body = pending.substr(0, size);
    pending.erase(0, size);
    return true;
  }

  std::string socket_;
  handler handle_;
  unique_fd listener_;
  std::thread acceptor_;
  mutable std::mutex lock_;
  std::list<unique_fd> open_;
  std::vector<std::thread> threads_;
  std::vector<seen_request> seen_;
};

} // namespace alder::test
