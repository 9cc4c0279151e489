#include "runtime/os/child_setup.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/// Opens with the rights of the user that the program will run as, who may have put a link there to a file of ours. The
/// groups need no way back: they are set once more, or were none of ours.
int open_as(const identity* who, const char* file) {
  constexpr int flags = O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  if (who == nullptr) return ::open(file, flags);
  const auto own_uid = ::geteuid();
  const auto own_gid = ::getegid();
  if (::syscall(SYS_setgroups, who->groups.size(), who->groups.data()) != 0) return -1;
  (void)::syscall(SYS_setfsgid, who->gid); // says nothing about whether it could
  (void)::syscall(SYS_setfsuid, who->uid); // this one takes the rights of root away
  const int fd = ::open(file, flags);
  const int problem = errno;
  (void)::syscall(SYS_setfsuid, own_uid); // what we are is always allowed
  (void)::syscall(SYS_setfsgid, own_gid);
  errno = problem;
  return fd;
}

/// A FIFO without a writer would block the open and with it the parent, so it is opened without blocking first.
bool connect_stdin(const char* file, const identity* who) {
  const int fd = open_as(file != nullptr ? who : nullptr, file != nullptr ? file : "/dev/null");
  if (fd < 0) return false;
  if (::fcntl(fd, F_SETFL, 0) != 0) return false;
  if (fd == 0) return ::fcntl(fd, F_SETFD, 0) == 0;
  return ::dup2(fd, 0) == 0;
}

/// Not ::write with a stream or a format: nothing here may allocate.
bool write_oom_score(int score) {
  std::array<char, 8> digits{};
  std::size_t at = digits.size();
  unsigned rest = score < 0 ? 0U - static_cast<unsigned>(score) : static_cast<unsigned>(score);
  do {
    digits[--at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (score < 0) digits[--at] = '-';
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, &digits[at], digits.size() - at) > 0;
  const int problem = errno;
  (void)::close(file); // it was opened for writing one value, which is done or not
  errno = problem;
  return written;
}

/// First of all that it does by itself, so that nothing of it is ever outside. 0 stands for the writer.
bool enter_cgroup(const char* procs) {
  const int file = ::open(procs, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, "0", 1) == 1;
  const int problem = errno;
  (void)::close(file); // it was opened for writing one value, which is done or not
  errno = problem;
  return written;
}

static_assert(RLIMIT_CPU == 0 && RLIMIT_FSIZE == 1 && RLIMIT_DATA == 2 && RLIMIT_STACK == 3 && RLIMIT_CORE == 4 &&
              RLIMIT_RSS == 5 && RLIMIT_NPROC == 6 && RLIMIT_NOFILE == 7 && RLIMIT_MEMLOCK == 8 && RLIMIT_AS == 9 &&
              RLIMIT_LOCKS == 10 && RLIMIT_SIGPENDING == 11 && RLIMIT_MSGQUEUE == 12 && RLIMIT_NICE == 13 &&
              RLIMIT_RTPRIO == 14 && RLIMIT_RTTIME == 15); // as base/words.cpp names them

/// But for that of open files.
bool set_limits(const process_attributes& wanted) {
  for (const auto& limit : wanted.limits) {
    if (limit.resource == RLIMIT_NOFILE) continue;
    const rlimit value{limit.soft, limit.hard};
    if (::setrlimit(static_cast<decltype(RLIMIT_NOFILE)>(limit.resource), &value) != 0) return false;
  }
  return true;
}

/// When everything is open, and before the user changes, who could not raise it: a limit does not touch what is open
/// already, but nothing can be opened beyond it.
bool set_file_limit(const child_plan& plan) {
  return !plan.file_limit || ::setrlimit(RLIMIT_NOFILE, &*plan.file_limit) == 0;
}

bool set_own_file_limit(const process_attributes& wanted) {
  for (const auto& limit : wanted.limits) {
    const rlimit value{limit.soft, limit.hard};
    if (limit.resource == RLIMIT_NOFILE && ::setrlimit(RLIMIT_NOFILE, &value) != 0) return false;
  }
  return true;
}

/// The marker in the environment is there as well.
void mark_by_limit(rlim_t number) {
  rlimit value{};
  if (::getrlimit(RLIMIT_LOCKS, &value) != 0 || number > value.rlim_max) return;
  value.rlim_cur = number;
  (void)::setrlimit(RLIMIT_LOCKS, &value);
}

bool set_cpus(const process_attributes& wanted) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  for (const auto cpu : wanted.cpus) {
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &allowed);
  }
  return ::sched_setaffinity(0, sizeof allowed, &allowed) == 0;
}

/// On a mount of its own, unless it is the root, which nobody reaches but through the one there is.
bool make_read_only(const char* path) {
  const bool is_root = path[0] == '/' && path[1] == '\0';
  if (!is_root && ::mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  return ::mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &read_only, sizeof read_only) == 0;
}

bool mount_tmp(const char* path) { return ::mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0; }

/// What is mounted outside later is seen inside, never the other way round. The private directories come last: they are
/// writable, whatever is not around them.
bool set_mounts(const process_attributes& wanted) {
  if (!wanted.private_tmp && wanted.read_only_paths.empty()) return true;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return false;
  for (const auto& path : wanted.read_only_paths)
    if (!make_read_only(path.c_str())) return false;
  return !wanted.private_tmp || (mount_tmp("/tmp") && mount_tmp("/var/tmp"));
}

/// The system calls themselves: libc's functions change all threads of a process, and believe that ours are the
/// parent's. Groups first, while it may.
bool become(const identity& who) {
  static_assert(sizeof(gid_t) == sizeof(who.groups[0]));
  return ::syscall(SYS_setgroups, who.groups.size(), who.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, who.gid, who.gid, who.gid) == 0 &&
         ::syscall(SYS_setresuid, who.uid, who.uid, who.uid) == 0;
}

/// The system call itself: glibc has no function for it.
bool set_io_priority(std::uint16_t value) {
  constexpr int this_process = 1; // IOPRIO_WHO_PROCESS
  return ::syscall(SYS_ioprio_set, this_process, 0, int{value}) == 0;
}

/// True when all is set; else `stage` is what was not.
bool set_attributes(const child_plan& plan, wire::spawn_stage& stage) {
  const auto& wanted = plan.start.attributes;
  using wire::spawn_stage;
  const auto step = [&](spawn_stage now, bool done) {
    stage = now;
    return done;
  };
  return step(spawn_stage::limits, set_limits(wanted)) &&
         step(spawn_stage::priority, !wanted.nice || ::setpriority(PRIO_PROCESS, 0, *wanted.nice) == 0) &&
         step(spawn_stage::io_priority, !wanted.io_priority || set_io_priority(*wanted.io_priority)) &&
         step(spawn_stage::oom_score, !wanted.oom_score_adj || write_oom_score(*wanted.oom_score_adj)) &&
         step(spawn_stage::cpus, wanted.cpus.empty() || set_cpus(wanted)) &&
         step(spawn_stage::mounts, set_mounts(wanted)) && step(spawn_stage::file_limit, set_file_limit(plan)) &&
         step(spawn_stage::limits, set_own_file_limit(wanted)) &&
         step(spawn_stage::identity, !wanted.who || become(*wanted.who)) &&
         step(spawn_stage::privileges, !wanted.no_new_privileges || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

bool move_descriptors(const child_plan& plan) {
  for (const auto& move : plan.moves)
    if (move.from >= 0 && ::dup2(move.from, move.to) != move.to) return false;
  return true;
}

bool connect_output(const child_plan& plan) {
  if (::dup2(plan.out, 1) != 1 || ::dup2(plan.err, 2) != 2) return false;
  return plan.passed < 0 || ::fcntl(plan.passed, F_SETFD, 0) == 0;
}

/// A start that its parent does not live to see has no one to report to: it is not made, and holds none of the parent's
/// descriptors any more.
bool follow_parent(const start_ticket& ticket) {
  if (ticket.word == nullptr) return true;
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // cannot fail with these arguments
  errno = ESRCH;
  return ::getppid() == ticket.parent; // the signal is only sent for a parent that ends from now on
}

bool become_independent(const start_ticket& ticket) {
  if (ticket.word == nullptr) return true;
  (void)::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  errno = ECANCELED;
  return claim_start(ticket);
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
  if (!follow_parent(plan.ticket)) return fail(spawn_stage::process);
  if (::setsid() < 0) return fail(spawn_stage::session);
  reset_signals();
  if (plan.lock_limit) mark_by_limit(*plan.lock_limit);
  if (plan.cgroup_file != nullptr && !enter_cgroup(plan.cgroup_file)) return fail(spawn_stage::cgroup);
  const auto& start = plan.start;
  const auto* who = start.attributes.who ? &*start.attributes.who : nullptr;
  const auto* stdin_file = start.stdin_file.empty() ? nullptr : start.stdin_file.c_str();
  if (plan.input >= 0 ? ::dup2(plan.input, 0) != 0 : !connect_stdin(stdin_file, who))
    return fail(spawn_stage::stdin_file);
  if (plan.is_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) return fail(spawn_stage::terminal);
  if (!connect_output(plan)) return fail(spawn_stage::output);
  if (!move_descriptors(plan)) return fail(spawn_stage::channel);
  if (auto stage = spawn_stage::limits; !set_attributes(plan, stage)) return fail(stage);
  if (start.umask) (void)::umask(*start.umask); // always succeeds; returns the old one
  if (!start.cwd.empty() && ::chdir(start.cwd.c_str()) != 0) return fail(spawn_stage::directory);
  // Last: a signal that arrives from here on ends this process and nothing else.
  open_signal_mask();
  if (!become_independent(plan.ticket)) return fail(spawn_stage::process);
  (void)::execve(plan.program, plan.arguments, plan.environment); // returns only to say that it failed
  fail(spawn_stage::program);
  give_back_start(plan.ticket);
}

} // namespace alder::os
