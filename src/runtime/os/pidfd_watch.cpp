#include "runtime/os/pidfd_watch.hpp"

#include <array>
#include <cstddef>

#include <sys/epoll.h>

namespace alder::os {

bool pidfd_watch::add(int pidfd, int pid) {
  if (!watch_) watch_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLONESHOT; // an end stays: it is told once
  wanted.data.fd = pid;
  return watch_ && ::epoll_ctl(watch_.get(), EPOLL_CTL_ADD, pidfd, &wanted) == 0;
}

void pidfd_watch::remove(int pidfd) {
  if (watch_) (void)::epoll_ctl(watch_.get(), EPOLL_CTL_DEL, pidfd, nullptr); // fails only when it is not in it
}

std::vector<int> pidfd_watch::take() {
  constexpr std::size_t most_at_once = 256;
  std::array<epoll_event, most_at_once> events{};
  std::vector<int> ended;
  const int count = watch_ ? ::epoll_wait(watch_.get(), events.data(), static_cast<int>(events.size()), 0) : 0;
  for (int i = 0; i < count; ++i)
    ended.push_back(events.at(static_cast<std::size_t>(i)).data.fd);
  return ended;
}

} // namespace alder::os
