#include "runtime/logs/log_queue.hpp"

#include "runtime/base/words.hpp"

#include <cerrno>
#include <ctime>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace alder::logs {

outcome log_queue::open_bell() {
  bell_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell_) return error{error_kind::io, "eventfd: " + errno_text(errno), errno};
  return success();
}

void log_queue::push(log_command::any command, std::thread::id reader) {
  std::unique_lock lock{mutex_};
  if (std::this_thread::get_id() != reader) room_.wait(lock, [this] { return commands_.size() < most_commands; });
  commands_.push_back(std::move(command));
  if (commands_.size() > 1) return; // the bell has been rung
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one); // cannot fail: the counter is 0 or 1
}

std::vector<log_command::any> log_queue::take() {
  std::vector<log_command::any> taken;
  {
    const std::lock_guard lock{mutex_};
    std::uint64_t rings = 0;
    (void)!::read(bell_.get(), &rings, sizeof rings); // nothing there is as good: the queue tells
    taken.swap(commands_);
  }
  room_.notify_all();
  return taken;
}

void log_queue::sleep(std::chrono::nanoseconds time) const {
  if (time.count() <= 0) return;
  pollfd bell{.fd = bell_.get(), .events = POLLIN, .revents = 0};
  const timespec timeout{.tv_sec = static_cast<std::time_t>(time.count() / 1'000'000'000),
                         .tv_nsec = static_cast<long>(time.count() % 1'000'000'000)};
  (void)::ppoll(&bell, 1, &timeout, nullptr); // whether it ended early makes no difference: the caller looks again
}

} // namespace alder::logs
