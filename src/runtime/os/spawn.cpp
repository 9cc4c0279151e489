#include "runtime/os/spawn.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/os/child_setup.hpp"
#include "runtime/os/pidfd.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// The child's stack, inside the frame of the waiting parent. What runs on it is set_up_and_exec and libc's thin
/// wrappers.
constexpr std::size_t child_stack_size = std::size_t{64} * 1024;

/// What is held of many processes would be copied for each new one, and closed again by its exec: it has numbers from
/// here on, so that those of a start are below it.
constexpr int lowest_held = 64;

struct both_sides {
  const child_plan& plan;
  child_failure failure;
  /// The child has our table of descriptors, and makes a copy of what is below this number; 0: it has its own.
  unsigned copied_below = 0;
  bool could_not_copy = false;
};

/// No sanitizer here: it would take the child's stack for a damaged one of the parent.
__attribute__((no_sanitize("address", "undefined"))) int run_child(void* argument) {
  auto& shared = *static_cast<both_sides*>(argument);
  shared.could_not_copy =
      shared.copied_below > 0 && ::syscall(SYS_close_range, shared.copied_below, ~0U, CLOSE_RANGE_UNSHARE) != 0;
  if (!shared.could_not_copy) set_up_and_exec(shared.plan, shared.failure);
  ::syscall(SYS_exit_group, 127); // _exit without hooks of sanitizers; the status is not looked at
  return 127;
}

/// All signals are held back around clone: a handler must not run in the child while it shares our memory.
class signals_held {
public:
  signals_held() {
    sigset_t all;
    ::sigfillset(&all);
    (void)::pthread_sigmask(SIG_SETMASK, &all, &before_); // cannot fail with these arguments
  }
  ~signals_held() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_held(const signals_held&) = delete;
  signals_held& operator=(const signals_held&) = delete;

private:
  sigset_t before_{};
};

/// Returns the pid, or -1 with errno set.
int clone_once(both_sides& shared, unique_fd& pidfd) {
  alignas(16) std::array<std::byte, child_stack_size> stack; // not initialised: touched pages cost memory
  int descriptor = -1;
  const signals_held held;
  const int table = shared.copied_below > 0 ? CLONE_FILES : 0;
  const int pid = ::clone(run_child, stack.data() + stack.size(),
                          CLONE_VM | CLONE_VFORK | CLONE_PIDFD | table | SIGCHLD, &shared, &descriptor);
  if (pid > 0) pidfd.reset(descriptor);
  return pid;
}

/// The same. Kernels before 5.9 and some containers have no close_range: then the whole table is copied.
int clone_child(both_sides& shared, unique_fd& pidfd) {
  static std::atomic<bool> can_copy_a_part{true};
  if (!can_copy_a_part) shared.copied_below = 0;
  int pid = clone_once(shared, pidfd);
  if (pid > 0 && shared.could_not_copy) {
    can_copy_a_part = false;
    reap(pidfd.get());
    shared.copied_below = 0;
    shared.could_not_copy = false;
    pid = clone_once(shared, pidfd);
  }
  return pid;
}

/// One more than the highest number that the new process needs.
unsigned needed_below(const child_plan& plan, const spawn_request& request) {
  int highest = std::max({STDERR_FILENO, plan.out, plan.err, plan.passed, plan.input, request.program_file});
  for (const auto& move : plan.moves)
    highest = std::max(highest, move.from);
  return static_cast<unsigned>(highest) + 1;
}

/// To the numbers of what is held, as far as there are some.
holdings lifted(holdings held) {
  holdings all;
  for (const auto& name : held.names()) {
    auto fd = held.take(name);
    unique_fd higher{fd.get() < lowest_held ? ::fcntl(fd.get(), F_DUPFD_CLOEXEC, lowest_held) : -1};
    all.put(name, higher ? std::move(higher) : std::move(fd));
  }
  return all;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const auto& word : words)
    list.push_back(const_cast<char*>(word.c_str())); // execve's type predates const; it does not write
  list.push_back(nullptr);
  return list;
}

struct output_ends {
  unique_fd out_read, out_write, err_read, err_write;
};

/// Only our read ends are non-blocking: the flag of a write end would be the program's surprise.
bool make_pipe(unique_fd& read_end, unique_fd& write_end) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK) == 0;
}

struct channel_ends {
  unique_fd input_here, input_there;
  unique_fd ipc_here, ipc_there;
  unique_fd ready_here, ready_there;
  unique_fd notify;
};

/// The child's ends get numbers above every target, so that moving one to its place never overwrites another.
bool lift(unique_fd& end, const wire::spawn_channels& targets) {
  const int above_all_targets = std::max({STDERR_FILENO, targets.ipc, targets.ready}) + 1;
  unique_fd lifted{::fcntl(end.get(), F_DUPFD_CLOEXEC, above_all_targets)};
  end = std::move(lifted);
  return end.valid();
}

/// Output comes out as it was written, and what is sent is not repeated in it. Its owner is the program's user, who may
/// open it again by its name.
bool make_terminal(const process_attributes& attributes, const wire::spawn_channels& wanted, channel_ends& ends) {
  constexpr winsize usual{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  const int unlocked = 0;
  ends.input_here.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!ends.input_here || ::ioctl(ends.input_here.get(), TIOCSPTLCK, &unlocked) != 0) return false;
  ends.input_there.reset(::ioctl(ends.input_here.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!ends.input_there || !lift(ends.input_there, wanted)) return false;
  termios modes{};
  if (::tcgetattr(ends.input_there.get(), &modes) != 0) return false;
  modes.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (::tcsetattr(ends.input_there.get(), TCSANOW, &modes) != 0) return false;
  (void)::ioctl(ends.input_there.get(), TIOCSWINSZ, &usual); // cannot fail on a terminal
  const auto& who = attributes.who;
  return !who || ::fchown(ends.input_there.get(), who->uid, static_cast<gid_t>(-1)) == 0;
}

bool make_ipc(const wire::spawn_channels& wanted, channel_ends& ends) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  ends.ipc_here.reset(pair[0]);
  ends.ipc_there.reset(pair[1]);
  return ::fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 && lift(ends.ipc_there, wanted);
}

/// Receives the sender's pid, uid and gid with each notice.
bool make_notify(const std::string& name, channel_ends& ends) {
  sockaddr_un address{};
  if (name.size() + 1 > sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  ends.notify.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!ends.notify) return false;
  const int yes = 1;
  if (::setsockopt(ends.notify.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size()); // sun_path[0] is NUL: the abstract name space
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return ::bind(ends.notify.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

bool open_channels(const wire::spawn_channels& wanted, channel_ends& ends) {
  if (wanted.input && !wanted.terminal) {
    if (!make_pipe(ends.input_there, ends.input_here) || !lift(ends.input_there, wanted)) return false;
    // Ours is the end that must not block, the program's the one that may.
    if (::fcntl(ends.input_there.get(), F_SETFL, 0) != 0 || ::fcntl(ends.input_here.get(), F_SETFL, O_NONBLOCK) != 0)
      return false;
  }
  if (wanted.ready >= 0 && (!make_pipe(ends.ready_here, ends.ready_there) || !lift(ends.ready_there, wanted)))
    return false;
  if (wanted.ipc >= 0 && !make_ipc(wanted, ends)) return false;
  return wanted.notify.empty() || make_notify(wanted.notify, ends);
}

/// The program writes to its terminal; a pipe that nobody writes to yet is where that will be collected.
bool connect_terminal(const unique_fd& theirs, output_ends& ends) {
  ends.err_read.reset();
  ends.err_write.reset();
  ends.out_write = theirs.duplicate();
  return ends.out_write.valid();
}

bool open_output(const spawn_request& request, output_ends& ends) {
  using output = spawn_request::output;
  switch (request.where) {
  case output::pipes: return make_pipe(ends.out_read, ends.out_write) && make_pipe(ends.err_read, ends.err_write);
  case output::null: ends.out_write.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC)); return ends.out_write.valid();
  case output::file: break;
  }
  ends.out_write.reset(::fcntl(request.file, F_DUPFD_CLOEXEC, 3));
  return ends.out_write.valid();
}

std::optional<rlim_t> marking_limit(const std::map<std::string, std::string>& environment) {
  const auto mark = environment.find(wire::member_variable);
  return mark == environment.end() ? std::nullopt : std::optional<rlim_t>{wire::member_number(mark->second)};
}

std::vector<std::string> assignments(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> all;
  all.reserve(variables.size());
  for (const auto& [name, value] : variables)
    all.push_back(name + "=" + value);
  return all;
}

holdings held_of(output_ends& output, channel_ends& channels) {
  holdings held;
  held.put(holding::out, std::move(output.out_read));
  held.put(holding::err, std::move(output.err_read));
  held.put(holding::input, std::move(channels.input_here));
  held.put(holding::ipc, std::move(channels.ipc_here));
  held.put(holding::notify, std::move(channels.notify));
  held.put(holding::ready, std::move(channels.ready_here));
  return held;
}

} // namespace

std::variant<spawned_process, spawn_failure> spawn(const spawn_request& request,
                                                   const std::function<void(const holdings&)>& on_prepared) {
  const auto& start = request.start;
  ALDER_ASSERT(!start.command.empty());
  output_ends ends;
  if (!open_output(request, ends)) return spawn_failure{wire::spawn_stage::pipe, errno};
  channel_ends channels;
  if (!open_channels(request.channels, channels)) return spawn_failure{wire::spawn_stage::channel, errno};
  const bool has_terminal = request.channels.terminal;
  if (has_terminal &&
      (!make_terminal(start.attributes, request.channels, channels) || !connect_terminal(channels.input_there, ends)))
    return spawn_failure{wire::spawn_stage::terminal, errno};
  const auto cgroup_file = request.cgroup + "/cgroup.procs";
  const auto variables = assignments(start.environment);
  const auto arguments = pointers(start.command);
  const auto environment = pointers(variables);
  const std::array moves{child_plan::moved{channels.ipc_there.get(), request.channels.ipc},
                         child_plan::moved{channels.ready_there.get(), request.channels.ready}};
  const child_plan plan{.start = start,
                        .program = request.program.c_str(),
                        .arguments = arguments.data(),
                        .environment = environment.data(),
                        .out = ends.out_write.get(),
                        .err = ends.err_write ? ends.err_write.get() : ends.out_write.get(),
                        .passed = request.passed,
                        .file_limit = request.file_limit,
                        .lock_limit = marking_limit(start.environment),
                        .input = channels.input_there.get(),
                        .is_terminal = has_terminal,
                        .moves = moves,
                        .cgroup_file = request.cgroup.empty() ? nullptr : cgroup_file.c_str(),
                        .ticket = request.ticket};
  both_sides shared{.plan = plan, .failure = {}, .copied_below = needed_below(plan, request)};
  auto ours = held_of(ends, channels);
  if (on_prepared) on_prepared(ours);
  unique_fd pidfd;
  spawned_process process{.pid = clone_child(shared, pidfd), .held = {}};
  if (process.pid < 0) return spawn_failure{wire::spawn_stage::process, errno};
  // A child that changed its user did so in our memory, which the kernel then hides from /proc until we object.
  if (start.attributes.who) (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // cannot fail with this argument
  if (shared.failure.happened) {
    reap(pidfd.get());
    return spawn_failure{shared.failure.stage, shared.failure.os_errno};
  }
  process.held.put(holding::pidfd, std::move(pidfd)); // first: who has few descriptors left gets this one
  process.held.add(std::move(ours));
  process.held = lifted(std::move(process.held));
  return process;
}

} // namespace alder::os
