#include "runtime/os/background.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t max_line = 4096;

error failed(const std::string& what, int number) {
  return error{error_kind::io, what + ": " + errno_text(number), number};
}

milliseconds left_until(steady_clock::time_point end) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(end - steady_clock::now()));
}

int open_pidfd(int pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

/// In the new process: nothing here may fail without a word on the pipe, which is all the parent hears.
[[noreturn]] void become(const std::vector<std::string>& command, int pipe_end, attachment how) {
  std::array<char, 512> text{};
  const auto give_up = [&](const char* stage) {
    const auto size = std::snprintf(text.data(), text.size(), "error: %s %s: %s\n", stage, command.front().c_str(),
                                    errno_text(errno).c_str());
    const auto used = std::min(static_cast<std::size_t>(std::max(size, 0)), text.size() - 1);
    (void)!::write(pipe_end, text.data(), used); // the parent then sees an end without a word
    ::_exit(127);
  };
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) give_up("could not open /dev/null for");
  if (::dup2(how == attachment::detached ? null : STDERR_FILENO, STDOUT_FILENO) < 0)
    give_up("could not redirect the output of");
  if (how == attachment::detached && ::dup2(null, STDERR_FILENO) < 0) give_up("could not redirect the error output of");
  // dup2 onto itself would keep close-on-exec.
  const bool placed =
      pipe_end == ready_descriptor ? ::fcntl(pipe_end, F_SETFD, 0) == 0 : ::dup2(pipe_end, ready_descriptor) >= 0;
  if (!placed) give_up("could not place the ready pipe of");
  (void)std::signal(SIGPIPE, SIG_DFL); // ignored signals are inherited by what we execute

  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const auto& word : command)
    words.push_back(const_cast<char*>(word.c_str())); // execv does not write to them
  words.push_back(nullptr);
  ::execv(words.front(), words.data());
  give_up("could not start");
  ::_exit(127);
}

/// Forks twice, so that nobody waits for the grandchild but process 1, and it is no session leader: it can never get a
/// terminal again.
outcome fork_detached(const std::vector<std::string>& command, int pipe_end) {
  const auto middle = ::fork();
  if (middle < 0) return failed("cannot start a process", errno);
  if (middle == 0) {
    (void)::setsid(); // cannot fail: a fresh process leads no group
    const auto last = ::fork();
    if (last == 0) become(command, pipe_end, attachment::detached);
    ::_exit(last < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(middle, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return error{error_kind::io, "cannot start a process"};
  return success();
}

} // namespace

result<background_program> start_in_background(const std::vector<std::string>& command, attachment how) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("cannot create a pipe", errno);
  background_program started{.ready = unique_fd{ends[0]}, .pid = 0};
  const unique_fd theirs{ends[1]};
  if (how == attachment::detached) {
    if (auto forked = fork_detached(command, theirs.get()); !forked) return forked.failure();
    return started;
  }
  const auto parent = ::getpid();
  started.pid = ::fork();
  if (started.pid < 0) return failed("cannot start a process", errno);
  if (started.pid == 0) {
    (void)::setpgid(0, 0); // cannot fail for ourselves
    // It must not outlive us even when we end before it can see to that itself; this lasts over exec. The signal is
    // only sent for a parent that ends from now on.
    (void)::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); // cannot fail with a valid signal
    if (::getppid() != parent) ::_exit(127);
    become(command, theirs.get(), how);
  }
  return started;
}

result<exit_status> run_program(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str())); // the type predates const; it does not write
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, arguments.front(), nullptr, nullptr, arguments.data(), environ);
  if (failed != 0)
    return error{failed == ENOENT ? error_kind::not_found : error_kind::io, command.front() + ": " + errno_text(failed),
                 failed};
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return error{error_kind::io, command.front() + ": " + errno_text(errno), errno};
  }
  return WIFSIGNALED(status) ? exit_status::signal(WTERMSIG(status)) : exit_status::code(WEXITSTATUS(status));
}

result<std::string> read_line(int fd, milliseconds deadline) {
  const auto end = steady_clock::now() + deadline;
  std::string line;
  while (line.size() < max_line) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(left_until(end).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return error{error_kind::timed_out, "no message was received"};
    char byte = 0;
    const auto size = ::read(fd, &byte, 1);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return error{error_kind::unavailable, "it exited without a message"};
    if (byte == '\n') return line;
    line.push_back(byte);
  }
  return line;
}

std::optional<exit_status> reap_child(int pid) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  if (WIFEXITED(status)) return exit_status::code(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return exit_status::signal(WTERMSIG(status));
  return std::nullopt;
}

void reap_orphans(int kept) {
  while (true) {
    siginfo_t about{};
    // WNOWAIT first: the status of a kept child belongs to the code that asks for it.
    if (::waitid(P_ALL, 0, &about, WEXITED | WNOHANG | WNOWAIT) != 0 || about.si_pid == 0 || about.si_pid == kept)
      return;
    (void)::waitpid(about.si_pid, nullptr, WNOHANG); // it has ended, as we just saw
  }
}

bool wait_until_gone(int pid, milliseconds deadline) {
  const unique_fd process{open_pidfd(pid)};
  if (!process) return errno == ESRCH;
  const auto end = steady_clock::now() + deadline;
  while (true) {
    pollfd wait{.fd = process.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(left_until(end).count()));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0;
  }
}

int living_keeper(const std::string& run_dir) {
  constexpr std::size_t longest_number = 32;
  const auto text = read_file(run_dir + "/keeper.lock", longest_number);
  if (!text) return 0;
  int pid = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (parsed.ec != std::errc{} || pid <= 0) return 0;
  const auto facts = read_stat(pid);
  const bool alive = facts && is_living(*facts) && command_line(pid).find("alder-keeper") != std::string::npos;
  return alive ? pid : 0;
}

bool is_served(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return false;
  std::copy(socket.begin(), socket.end(), static_cast<char*>(address.sun_path));
  const unique_fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) return false;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  return errno == EAGAIN; // so many wait already: waiting with them would have no end when nobody accepts
}

void pause(milliseconds time) {
  (void)::poll(nullptr, 0, static_cast<int>(time.count())); // a signal may end it early
}

void send_signal(int pid, int signal) {
  if (pid > 0) (void)::kill(pid, signal); // gone already is as good
}

} // namespace alder::os
