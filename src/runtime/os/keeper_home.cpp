#include "runtime/os/keeper_home.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/safe_open.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

error refused(const std::string& what, int number) {
  return {error_kind::io, what + ": " + errno_text(number), number};
}
error refused(const std::string& what) { return refused(what, errno); }

constexpr std::uint64_t max_log = std::uint64_t{4} << 20U;

/// As raise_file_limit() found it.
std::optional<rlimit>& first_limit() {
  static std::optional<rlimit> found;
  return found;
}

/// Whether the file behind `fd` still is what `path` names: somebody may have removed it between open and lock.
bool is_same_file(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

} // namespace

outcome claim_directory(const std::string& path, directory_role what) {
  if (auto fit = check_own_directory(path, what); !fit) return fit;
  if (auto made = make_directories(path, 0700); !made) return made;
  return check_own_directory(path, what); // one that was made by us, or by somebody else a moment ago
}

result<std::optional<unique_fd>> try_lock(const std::string& path) {
  constexpr int max_attempts = 10;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    auto opened = open_to_write(path, {.at_end = false, .through_link = false});
    if (!opened) return opened.failure();
    auto file = std::move(opened->fd);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::optional<unique_fd>{};
      return refused("lock " + path);
    }
    if (is_same_file(file.get(), path)) return std::optional<unique_fd>{std::move(file)};
  }
  return error{error_kind::io, path + " keeps being removed by another program", 0};
}

outcome write_pid(int locked_file) {
  const auto text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(locked_file, 0) != 0) return refused("empty the lock file");
  if (::pwrite(locked_file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return refused("write the lock file");
  return success();
}

result<unique_fd> open_log(const std::string& path) {
  const write_access how{.what = write_access::sort::any}; // somebody may have made it a link to /dev/null
  auto opened = open_to_write(path, how);
  if (!opened) return opened.failure();
  const auto facts = facts_of(opened->fd.get());
  // If it cannot be rotated, the log continues in the large file.
  if (!facts || facts->size <= max_log || !rename_file(path, path + ".1")) return std::move(opened->fd);
  opened = open_to_write(path, how);
  if (!opened) return opened.failure();
  return std::move(opened->fd);
}

outcome leave_terminal() {
  const int pid = ::fork();
  if (pid < 0) return refused("fork");
  if (pid > 0) ::_exit(0);
  if (::setsid() < 0) return refused("setsid");
  return success();
}

outcome tidy_descriptors(int kept) {
  int fd = 0;
  do { // each open takes the lowest free number, so this ends with the first above 2
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return refused("open /dev/null");
    if (fd <= 2 && ::fcntl(fd, F_SETFD, 0) != 0) return refused("FD_CLOEXEC");
  } while (fd <= 2);
  const auto first_kept = static_cast<unsigned>(kept > 2 ? kept : 2);
  if (kept > 3 && ::close_range(3, first_kept - 1, 0) != 0) return refused("close_range");
  if (::close_range(first_kept + 1, ~0U, 0) != 0) return refused("close_range");
  if (kept > 2 && ::fcntl(kept, F_SETFD, FD_CLOEXEC) != 0) return refused("descriptor " + std::to_string(kept));
  return success();
}

outcome redirect_stdio(int log) {
  const unique_fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null) return refused("open /dev/null");
  if (::dup2(null.get(), 0) < 0 || ::dup2(null.get(), 1) < 0 || ::dup2(log, 2) < 0) return refused("dup2");
  return success();
}

result<unique_fd> memory_file(std::string_view content) {
  unique_fd file{::memfd_create("alder-keeper-state", MFD_CLOEXEC)};
  if (!file) return refused("create a file in memory");
  while (!content.empty()) {
    const auto written = ::write(file.get(), content.data(), content.size());
    if (written < 0) return refused("write a file in memory");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return refused("rewind a file in memory");
  return file;
}

result<std::string> read_descriptor(int fd) {
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) return refused("read a descriptor");
    if (got == 0) return text;
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void close_on_exec_from(unsigned first) {
  (void)::close_range(first, ~0U, CLOSE_RANGE_CLOEXEC); // fails only on kernels before 5.11
}

outcome replace_program(const std::string& path, const std::vector<std::string>& command, std::span<const int> kept) {
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str())); // execve's type predates const; it does not write
  arguments.push_back(nullptr);
  for (const int fd : kept)
    (void)::fcntl(fd, F_SETFD, 0);                         // fails only for what is not open
  (void)::execve(path.c_str(), arguments.data(), environ); // returns only to say that it failed
  const int number = errno;
  for (const int fd : kept)
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
  errno = number;
  return refused("exec " + path);
}

result<unique_fd> open_program(const std::string& path) {
  auto file = open_for_reading(path);
  if (!file) return file;
  std::array<char, 2> start{};
  const auto got = read_at(file->get(), 0, start);
  if (!got) return got.failure();
  if (start == std::array<char, 2>{'#', '!'}) return error{error_kind::invalid_input, path + " is a script", 0};
  return file;
}

outcome become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return refused("become subreaper");
  return success();
}

outcome end_with_parent() {
  const auto parent = ::getppid();
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return refused("PR_SET_PDEATHSIG");
  // The signal is only sent for a parent that ends from now on.
  if (::getppid() != parent) return error{error_kind::unavailable, "the parent process has ended", 0};
  return success();
}

result<rlimit> raise_file_limit() {
  rlimit before{};
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0) return refused("getrlimit");
  const rlimit raised{before.rlim_max, before.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) return refused("setrlimit");
  first_limit() = before;
  return before;
}

std::optional<rlimit> inherited_file_limit() { return first_limit(); }

result<unique_fd> take_signals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (::sigaction(SIGPIPE, &ignore, nullptr) != 0) return refused("sigaction");
  // Inherited dispositions are set back: an ignored signal never reaches a signalfd, and with SIGCHLD ignored the
  // kernel would reap the children itself.
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    plain.sa_flags = signal == SIGCHLD ? SA_NOCLDSTOP : 0; // stops of children are no news here
    if (::sigaction(signal, &plain, nullptr) != 0) return refused("sigaction");
    ::sigaddset(&taken, signal);
  }
  if (::sigprocmask(SIG_SETMASK, &taken, nullptr) != 0) return refused("sigprocmask");
  unique_fd fd{::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) return refused("signalfd");
  return fd;
}

int next_signal(int signal_fd) {
  signalfd_siginfo info{};
  if (::read(signal_fd, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

} // namespace alder::os
