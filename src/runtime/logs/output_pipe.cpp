#include "runtime/logs/output_pipe.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

namespace alder::logs {
namespace {

constexpr std::size_t usual_pipe = 64 * 1024;
constexpr std::size_t most_moved = std::size_t{256} * 1024; // at once; there is less in a terminal

epoll_event event_of(std::uint64_t id, std::uint32_t what) {
  epoll_event event{};
  event.events = what;
  event.data.u64 = id;
  return event;
}

} // namespace

std::size_t bytes_waiting(int fd) {
  int count = 0;
  return ::ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

output_pipe::output_pipe(unique_fd pipe) : pipe_(std::move(pipe)) {
  // The flag belongs to the read end only: writes of the service still block.
  (void)::fcntl(fd(), F_SETFL, ::fcntl(fd(), F_GETFL) | O_NONBLOCK);
  const int capacity = ::fcntl(fd(), F_GETPIPE_SZ);
  capacity_ = capacity > 0 ? static_cast<std::size_t>(capacity) : usual_pipe;
}

int output_pipe::feed_from(unique_fd terminal) {
  // The keeper holds the read end alone; what is in the pipe outlives both of us.
  feed_.reset(::open(("/proc/self/fd/" + std::to_string(fd())).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!feed_) return errno;
  terminal_ = std::move(terminal);
  return 0;
}

int output_pipe::fill(int epoll) {
  int refused = 0;
  while (terminal_) {
    const auto moved = ::splice(terminal_.get(), nullptr, feed_.get(), nullptr, most_moved, SPLICE_F_NONBLOCK);
    if (moved > 0 || (moved < 0 && errno == EINTR)) continue;
    if (moved < 0 && errno == EAGAIN) break;        // nothing is there, or the pipe is full
    if (moved < 0 && errno != EIO) refused = errno; // else nobody has it open any more
    if (is_polled_) (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, terminal_.get(), nullptr);
    terminal_.reset();
    feed_.reset();
  }
  return refused;
}

bool output_pipe::enlarge(std::size_t capacity) {
  const int made = ::fcntl(fd(), F_SETPIPE_SZ, static_cast<int>(capacity));
  if (made <= 0) return false;
  capacity_ = static_cast<std::size_t>(made);
  return true;
}

int output_pipe::poll(int epoll, std::uint64_t id) {
  auto event = event_of(id, EPOLLIN);
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd(), &event) != 0) return errno;
  is_polled_ = true;
  held_.reset();
  return !terminal_ || ::epoll_ctl(epoll, EPOLL_CTL_ADD, terminal_.get(), &event) == 0 ? 0 : errno;
}

/// Closing is not enough: the keeper holds the same pipe end, and epoll would keep reporting it.
void output_pipe::stop_polling(int epoll) {
  if (!is_polled_) return;
  (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, fd(), nullptr);                           // it was added: cannot fail
  if (terminal_) (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, terminal_.get(), nullptr); // as well
  is_polled_ = false;
}

bool output_pipe::hold(int epoll, std::uint64_t id, std::size_t bytes) {
  if (!is_polled_) return false;
  auto event = event_of(id, EPOLLIN | EPOLLET);
  if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd(), &event) != 0) return false;
  held_ = bytes;
  return true;
}

} // namespace alder::logs
