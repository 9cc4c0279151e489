#include "runtime/os/pidfd.hpp"

#include "runtime/base/words.hpp"

#include <cerrno>
#include <csignal>
#include <string>

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

result<unique_fd> open_pidfd(int pid) {
  unique_fd fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!fd) return refused("process " + std::to_string(pid), errno);
  return fd;
}

outcome signal_pidfd(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0)
    return refused("send " + signal_name(signal), errno);
  return success();
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
