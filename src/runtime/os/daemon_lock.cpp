#include "runtime/os/daemon_lock.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/safe_open.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_attempts{5};

/// Of the kind that tells who holds it.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// 0: nobody, or one whose number is not known here.
int holder_of(int file) {
  auto lock = whole_file();
  return ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

void end_holder(int file) {
  const int pid = holder_of(file);
  if (pid <= 0) return;
  const auto pidfd = open_pidfd(pid);
  // It still holds the lock, so it is the one behind the descriptor.
  if (pidfd && holder_of(file) == pid) (void)signal_pidfd(pidfd->get(), SIGKILL); // it may have ended just now
}

// In the file: two characters.
constexpr int behind_place = 0;
constexpr int doubt_place = 1;
constexpr char yes = '!';
constexpr char no = '.';

} // namespace

daemon_notes::daemon_notes(int lock) : lock_(lock) {
  std::array<char, 2> found{no, no};
  (void)!::pread(lock_, found.data(), found.size(), 0); // a new file is empty: then nothing is in doubt
  is_in_doubt_ = found[behind_place] == yes || found[doubt_place] == yes;
  write(behind_place, false);
  write(doubt_place, is_in_doubt_);
}

void daemon_notes::set_behind(bool is_behind) { write(behind_place, is_behind); }

void daemon_notes::set_doubt(bool is_in_doubt) {
  is_in_doubt_ = is_in_doubt;
  write(doubt_place, is_in_doubt);
}

void daemon_notes::write(int place, bool value) const {
  (void)!::pwrite(lock_, value ? &yes : &no, 1, place); // fails only when there never was room for two bytes
}

result<unique_fd> take_daemon_lock(const std::string& path, std::chrono::milliseconds patience) {
  const auto refused = [&](const char* what) {
    return error{errno == EACCES ? error_kind::denied : error_kind::io,
                 std::string{what} + " " + path + ": " + errno_text(errno), errno};
  };
  auto opened = open_to_write(path, {.at_end = false, .through_link = false});
  if (!opened) return opened.failure();
  auto file = std::move(opened->fd);
  for (const auto end = steady_clock::now() + patience;;) {
    auto wanted = whole_file();
    if (::fcntl(file.get(), F_SETLK, &wanted) == 0) return file;
    if (errno != EACCES && errno != EAGAIN) return refused("lock");
    if (steady_clock::now() >= end)
      return error{
          error_kind::timed_out,
          "another daemon (pid " + std::to_string(holder_of(file.get())) + ") is using this home and does not exit", 0};
    end_holder(file.get());
    std::this_thread::sleep_for(between_attempts);
  }
}

} // namespace alder::os
