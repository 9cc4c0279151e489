#include "runtime/os/child_setup.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// exec keeps ignored signals ignored, and the parent ignores some; what it inherited from its own parent (nohup) must
/// not leak into services either. Handlers are reset before the mask opens, so that none runs in the parent's memory.
void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal)
    (void)::sigaction(signal, &action, nullptr); // fails for SIGKILL, SIGSTOP and libc's own two: they need no reset
}

/// A FIFO without a writer would block the open and with it the parent, so it is opened without blocking first.
bool connect_stdin(const char* file) {
  const int fd = ::open(file != nullptr ? file : "/dev/null", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  if (::fcntl(fd, F_SETFL, 0) != 0) return false;
  if (fd == 0) return ::fcntl(fd, F_SETFD, 0) == 0;
  return ::dup2(fd, 0) == 0;
}

bool connect_output(const child_plan& plan) {
  if (::dup2(plan.out, 1) != 1 || ::dup2(plan.err, 2) != 2) return false;
  return plan.passed < 0 || ::fcntl(plan.passed, F_SETFD, 0) == 0;
}

void open_signal_mask() {
  sigset_t none;
  ::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr); // cannot fail with these arguments
}

} // namespace

void set_up_and_exec(const child_plan& plan, child_failure& failure) {
  using wire::spawn_stage;
  const auto fail = [&](spawn_stage stage) { failure = {.happened = true, .stage = stage, .os_errno = errno}; };
  if (::setsid() < 0) return fail(spawn_stage::session);
  reset_signals();
  // Before anything is opened: the lower limit does not touch descriptors that are open already.
  if (plan.file_limit && ::setrlimit(RLIMIT_NOFILE, &*plan.file_limit) != 0) return fail(spawn_stage::file_limit);
  if (!connect_stdin(plan.stdin_file)) return fail(spawn_stage::stdin_file);
  if (!connect_output(plan)) return fail(spawn_stage::output);
  if (plan.umask) (void)::umask(*plan.umask); // always succeeds; returns the old one
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) return fail(spawn_stage::directory);
  // Last: a signal that arrives from here on ends this process and nothing else.
  open_signal_mask();
  (void)::execve(plan.program, plan.arguments, plan.environment); // returns only to say that it failed
  fail(spawn_stage::program);
}

} // namespace alder::os
