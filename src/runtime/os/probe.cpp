#include "runtime/os/probe.hpp"

#include "runtime/base/http_status.hpp"
#include "runtime/base/pattern.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/unique_fd.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/work_thread.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <set>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace alder::os {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t largest_response = std::size_t{64} * 1024;
constexpr int listening_patience_ms = 100;

std::string address_text(const std::string& host, std::uint16_t port) { return host + ":" + std::to_string(port); }

/// One attempt; keeps itself alive until it has answered.
class attempt : public std::enable_shared_from_this<attempt> {
public:
  attempt(asio::io_context& loop, std::string host, std::uint16_t port, probe_handler answer,
          work_thread* matching = nullptr)
      : resolver_(loop), socket_(loop), timer_(loop), matching_(matching), host_(std::move(host)), port_(port),
        answer_(std::move(answer)) {}

  /// With `http` asks for its path, else only connects.
  void run(std::chrono::milliseconds patience, std::optional<ready_http> http) {
    patience_ = patience;
    http_ = std::move(http);
    begin();
  }

private:
  void begin() {
    if (is_short_of_descriptors()) return begin_later();
    auto self = shared_from_this();
    timer_.expires_after(patience_);
    timer_.async_wait([self](const error_code& failed) {
      if (!failed) self->finish(address_text(self->host_, self->port_) + " did not answer in time");
    });
    resolver_.async_resolve(
        host_, std::to_string(port_), [self](const error_code& failed, const tcp::resolver::results_type& found) {
          if (!self->answer_) return; // it was too late
          if (failed && is_short_of_descriptors()) return self->begin_later();
          if (failed) return self->finish("the host name " + self->host_ + " could not be resolved");
          asio::async_connect(self->socket_, found,
                              [self](const error_code& error, const tcp::endpoint&) { self->on_connected(error); });
        });
  }

  /// That we have no descriptor to ask with says nothing about who is asked: the time begins when we have one.
  void begin_later() {
    constexpr std::chrono::milliseconds pause{200};
    error_code ignored; // it is not connected
    socket_.close(ignored);
    auto self = shared_from_this();
    timer_.expires_after(pause);
    timer_.async_wait([self](const error_code& failed) {
      if (!failed) self->begin();
    });
  }

  static bool is_short_of_descriptors() {
    constexpr std::size_t enough = 4; // for the name and the connection
    return count_descriptors().left() < enough;
  }

  void on_connected(const error_code& failed) {
    if (!answer_) return; // it was too late
    if (failed && failed.category() == boost::system::system_category() && is_shortage(failed.value()))
      return begin_later();
    if (failed == asio::error::connection_refused)
      return finish(address_text(host_, port_) + " refused the connection");
    if (failed) return finish(address_text(host_, port_) + " could not be reached: " + failed.message());
    if (!http_) return finish(std::nullopt);
    auto self = shared_from_this();
    request_ = "GET " + http_->path + " HTTP/1.1\r\nHost: " + address_text(host_, port_) +
               "\r\nUser-Agent: alder\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    asio::async_write(socket_, asio::buffer(request_), [self](const error_code& error, std::size_t) {
      if (error) return self->finish("the connection failed: " + error.message());
      asio::async_read_until(self->socket_, self->response_, "\r\n",
                             [self](const error_code& e, std::size_t) { self->on_status_line(e); });
    });
  }

  void on_status_line(const error_code& failed) {
    const std::string where = place();
    if (failed) return finish(where + " got no HTTP response");
    std::istream in(&response_);
    std::string version;
    int status = 0;
    in >> version >> status;
    if (version.rfind("HTTP/", 0) != 0) return finish(where + " got no HTTP response");
    const auto& wanted = http_->statuses;
    const bool good = wanted.empty() ? status >= least_good_status && status <= most_good_status
                                     : std::find(wanted.begin(), wanted.end(), status) != wanted.end();
    if (!good) return finish(where + " answered " + std::to_string(status));
    if (http_->body.empty()) return finish(std::nullopt);
    auto self = shared_from_this();
    asio::async_read(socket_, response_, [self](const error_code&, std::size_t) { self->on_body(); });
  }

  /// What came until the end, or the first 64 KiB.
  void on_body() {
    struct question {
      std::string all;
      std::string wanted;
      bool matches = false;
    };
    auto q = std::make_shared<question>(
        question{std::string{asio::buffers_begin(response_.data()), asio::buffers_end(response_.data())}, http_->body});
    matching_->run(
        [q] {
          const auto body = q->all.find("\r\n\r\n");
          const auto wanted = pattern::compile(q->wanted); // the configuration was checked: it is one
          q->matches =
              wanted.ok() && body != std::string::npos && wanted->matches(std::string_view{q->all}.substr(body + 4));
        },
        [self = shared_from_this(), q] {
          self->finish(q->matches
                           ? probe_answer{}
                           : probe_answer{self->place() + " answered with a body that does not match " + q->wanted});
        });
  }

  [[nodiscard]] std::string place() const { return "GET http://" + address_text(host_, port_) + http_->path; }

  void finish(const probe_answer& answer) {
    if (!answer_) return;
    auto tell = std::exchange(answer_, nullptr);
    error_code ignored; // the sockets are done with either way
    timer_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
    tell(answer);
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  work_thread* matching_; ///< null: no body is looked at
  asio::streambuf response_{largest_response};
  std::string host_;
  std::uint16_t port_;
  std::chrono::milliseconds patience_{};
  std::optional<ready_http> http_;
  std::string request_;
  probe_handler answer_;
};

/// Socket inodes that listen on `port`, from a file like /proc/net/tcp.
void listening_inodes(const char* file, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  std::array<char, 8> port_text{};
  const auto end = std::to_chars(port_text.data(), port_text.data() + port_text.size(), port, 16).ptr;
  std::string wanted(port_text.data(), end);
  for (auto& c : wanted)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  wanted.insert(0, 4 - wanted.size(), '0');
  while (std::getline(in, line)) {
    const auto words = shell_words(line);
    if (!words || words->size() < 10 || (*words)[3] != "0A") continue; // 0A: LISTEN
    const auto& local = (*words)[1];
    if (local.size() > 5 && local.substr(local.size() - 4) == wanted) inodes.insert((*words)[9]);
  }
}

bool holds_one_of(const std::filesystem::path& fd_folder, const std::set<std::string>& inodes) {
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator(fd_folder, failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry->path(), gone).string();
    if (target.rfind("socket:[", 0) == 0 && inodes.count(target.substr(8, target.size() - 9)) > 0) return true;
  }
  return false;
}

} // namespace

void probe_tcp(asio::io_context& loop, const ready_tcp& target, std::chrono::milliseconds patience,
               probe_handler answer) {
  std::make_shared<attempt>(loop, target.host, target.port, std::move(answer))->run(patience, std::nullopt);
}

void probe_http(asio::io_context& loop, work_thread& matching, const ready_http& target,
                std::chrono::milliseconds patience, probe_handler answer) {
  std::make_shared<attempt>(loop, target.host, target.port, std::move(answer), &matching)->run(patience, target);
}

bool is_listening(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const std::string numeric = host == "localhost" ? "127.0.0.1" : host;
  if (::inet_pton(AF_INET, numeric.c_str(), &address.sin_addr) != 1)
    return false; // a name: only the readiness check itself resolves it
  const unique_fd probe{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!probe) return false;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd waiting{probe.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, listening_patience_ms) != 1) return false;
  int failure = 0;
  socklen_t size = sizeof failure;
  return ::getsockopt(probe.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

int listener_pid(std::uint16_t port) {
  std::set<std::string> inodes;
  listening_inodes("/proc/net/tcp", port, inodes);
  listening_inodes("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return 0;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    int pid = 0;
    const auto name = entry->path().filename().string();
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size() &&
        holds_one_of(entry->path() / "fd", inodes))
      return pid;
  }
  return 0;
}

} // namespace alder::os
