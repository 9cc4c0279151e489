#include "runtime/os/pidfd.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/proc.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::os {
namespace {

error refused(const std::string& what, int number) {
  const auto kind = number == ESRCH    ? error_kind::not_found
                    : number == EPERM  ? error_kind::denied
                    : number == EINVAL ? error_kind::invalid_input
                                       : error_kind::io;
  return {kind, what + ": " + errno_text(number), number};
}

} // namespace

int raw_pidfd(int pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

result<unique_fd> open_pidfd(int pid) {
  unique_fd fd{raw_pidfd(pid)};
  if (!fd) return refused("process " + std::to_string(pid), errno);
  return fd;
}

outcome signal_pidfd(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0)
    return refused("send " + signal_name(signal), errno);
  return success();
}

namespace {

/// `status` as of wait().
exit_status status_from(int status) {
  return WIFSIGNALED(status) ? exit_status::signal(WTERMSIG(status)) : exit_status::code(WEXITSTATUS(status));
}

std::optional<exit_status> exit_of_reaped(int pidfd) {
  // As in linux/pidfd.h of 6.15; Debian 12's headers are older.
  struct info {
    std::uint64_t mask = 0;
    std::uint64_t cgroup = 0;
    std::uint32_t pid = 0;
    std::array<std::uint32_t, 10> ids{}; // tgid, ppid and eight of users and groups
    std::int32_t exit_code = 0;
  };
  constexpr std::uint64_t wants_exit = 1U << 3U;
  static_assert(sizeof(info) == 64);
  info found{.mask = wants_exit};
  if (::ioctl(pidfd, _IOWR(0xFF, 11, info), &found) != 0 || (found.mask & wants_exit) == 0) return std::nullopt;
  return status_from(found.exit_code);
}

} // namespace

std::optional<exit_status> exit_of(int pid, int pidfd) {
  const auto zombie = zombie_status(pid);
  // Only if the number still was this process's when it was read: one that was reaped cannot be signalled.
  if (zombie && signal_pidfd(pidfd, 0)) return status_from(*zombie);
  return exit_of_reaped(pidfd);
}

bool has_ended(int pidfd) {
  pollfd looked{pidfd, POLLIN, 0};
  return ::poll(&looked, 1, 0) > 0;
}

std::optional<ended_child> reap_any() {
  siginfo_t info{};
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0)
    if (errno != EINTR) return std::nullopt; // ECHILD: there are no children at all
  if (info.si_pid == 0) return std::nullopt;
  const bool exited = info.si_code == CLD_EXITED;
  return ended_child{.pid = info.si_pid,
                     .status = exited ? exit_status::code(info.si_status) : exit_status::signal(info.si_status),
                     .core_dumped = info.si_code == CLD_DUMPED};
}

void reap(int pidfd) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0 && errno == EINTR) {
  }
}

} // namespace alder::os
