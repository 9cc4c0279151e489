#include "runtime/os/files.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/safe_open.hpp"

#include <climits>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// File systems whose files are made while they are read, which can take for ever.
bool is_made_up(int fd) {
  constexpr std::array<long, 3> kinds{0x9fa0, 0x64626720, 0x74726163}; // proc, debugfs, tracefs
  struct statfs facts {};
  return ::fstatfs(fd, &facts) == 0 && std::find(kinds.begin(), kinds.end(), facts.f_type) != kinds.end();
}

error no_regular_file(const std::string& path, const std::string& what) {
  return {error_kind::invalid_input, path + " is " + what + ", not a regular file", EINVAL};
}

error refused(const std::string& what, int number) {
  auto kind = error_kind::io;
  if (number == ENOENT || number == ENOTDIR) kind = error_kind::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) kind = error_kind::denied;
  return {kind, what + ": " + errno_text(number), number};
}

file_facts facts_from(const struct stat& s) {
  const bool regular = S_ISREG(s.st_mode);
  const auto modified = std::chrono::seconds{s.st_mtim.tv_sec} + std::chrono::nanoseconds{s.st_mtim.tv_nsec};
  return {.size = regular ? static_cast<std::uint64_t>(s.st_size) : 0,
          .device = s.st_dev,
          .inode = s.st_ino,
          .modified = file_time{modified},
          .is_regular = regular};
}

outcome sync(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return refused("cannot sync " + path, errno);
  return success();
}

/// A new name in a directory is only safe from a power cut once the directory itself is synced.
outcome sync_directory(const safe_place& of) {
  const unique_fd fd{::openat(of.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return refused("cannot open the directory of " + of.path, errno);
  return sync(fd.get(), of.path);
}

outcome write_beside(const safe_place& at, std::string_view data, unsigned mode) {
  auto fd = create_anew(at);
  if (!fd) return fd.failure();
  if (auto written = write_all(fd->get(), data); !written) return written;
  if (::fchmod(fd->get(), mode) != 0) return refused("cannot change the mode of " + at.path, errno);
  return sync(fd->get(), at.path);
}

/// Reading never waits: a FIFO is open at once, and what is none of the files that are wanted is not read at all.
result<unique_fd> open_quickly(const std::string& path) {
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (!fd && errno == ENXIO) return no_regular_file(path, "a socket");
  if (!fd) return refused("cannot read " + path, errno);
  if (auto fit = check_content(fd.get(), path); !fit) return fit.failure();
  return fd;
}

error too_large(const std::string& path, std::size_t limit) {
  return {error_kind::too_large, path + " is larger than " + std::to_string(limit) + " bytes", EFBIG};
}

result<std::string> read_to_end(int fd, const std::string& path, std::size_t limit) {
  std::string text;
  constexpr std::size_t step = 64 * 1024;
  while (true) {
    const std::size_t before = text.size();
    text.resize(std::min(before + step, limit + 1));
    const auto got = ::read(fd, text.data() + before, text.size() - before);
    if (got < 0 && errno != EINTR) return refused("cannot read " + path, errno);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (text.size() > limit) return too_large(path, limit);
    if (got == 0) return text;
  }
}

/// /dev/stdin, /dev/fd/N and what they lead to.
bool is_handed_over(const std::string& path) {
  constexpr std::array<std::string_view, 3> folders{"/dev/fd/", "/proc/self/fd/", "/dev/stdin"};
  return std::any_of(folders.begin(), folders.end(), [&](auto folder) { return path.rfind(folder, 0) == 0; });
}

} // namespace

std::string sort_of(unsigned mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "a file";
}

outcome check_content(int fd, const std::string& path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return refused("cannot look at " + path, errno);
  if (!S_ISREG(facts.st_mode)) return no_regular_file(path, sort_of(facts.st_mode));
  if (is_made_up(fd)) return no_regular_file(path, "made up by the kernel");
  return success();
}

result<std::string> read_file(const std::string& path, std::size_t limit) {
  // Root could read on behalf of whoever made a link what that user may not.
  auto fd = ::geteuid() == 0 ? open_content(path) : open_quickly(path);
  if (!fd) return fd.failure();
  const auto facts = facts_of(fd->get());
  if (facts && facts->size > limit) return too_large(path, limit);
  return read_to_end(fd->get(), path, limit);
}

result<std::string> read_kernel_file(const std::string& path, std::size_t limit) {
  const unique_fd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (!fd) return refused("cannot read " + path, errno);
  return read_to_end(fd.get(), path, limit);
}

result<std::string> read_input(const std::string& path, std::size_t limit) {
  if (!is_handed_over(path)) return read_file(path, limit);
  const unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!fd) return refused("cannot read " + path, errno);
  return read_to_end(fd.get(), path, limit);
}

outcome write_file_atomically(const std::string& path, std::string_view data, unsigned mode) {
  const auto at = find_place(path);
  if (!at) return at.failure();
  const safe_place beside{at->directory.duplicate(), at->name + ".new", path + ".new", at->is_closed};
  auto written = write_beside(beside, data, mode);
  if (written && ::renameat(beside.directory.get(), beside.name.c_str(), at->directory.get(), at->name.c_str()) != 0)
    written = refused("cannot rename " + beside.path + " to " + path, errno);
  if (!written) {
    (void)::unlinkat(beside.directory.get(), beside.name.c_str(), 0); // the error that matters is the one returned
    return written;
  }
  return sync_directory(*at);
}

outcome make_directories(const std::string& path, unsigned mode) {
  const auto inside = find_place(path + "/_", mode); // all names but the last are directories
  return inside ? success() : outcome{inside.failure()};
}

outcome append(const std::string& path, std::string_view data) {
  auto fd = open_for_append(path);
  if (!fd) return fd.failure();
  return write_all(fd->get(), data);
}

result<unique_fd> open_for_reading(const std::string& path) { return open_quickly(path); }

result<unique_fd> open_for_append(const std::string& path) {
  auto opened = open_to_write(path);
  if (!opened) return opened.failure();
  return std::move(opened->fd);
}

outcome write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refused("cannot write", errno);
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return success();
}

outcome write_whole(int pipe, std::string_view data) {
  if (data.size() > PIPE_BUF) return error{error_kind::too_large, "more than 4096 bytes are not taken at once"};
  ssize_t written = -1;
  while ((written = ::write(pipe, data.data(), data.size())) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return error{error_kind::conflict, "the pipe is full: nobody reads it", errno};
    if (errno == EPIPE) return error{error_kind::unavailable, "nobody can read the pipe any more", errno};
    return error{error_kind::io, errno_text(errno), errno};
  }
  if (static_cast<std::size_t>(written) == data.size()) return success();
  return error{error_kind::conflict,
               "the terminal is full: it took " + std::to_string(written) + " bytes of " + std::to_string(data.size())};
}

result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<char> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto got = ::pread(fd, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("cannot read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

result<file_facts> facts_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return refused("cannot look at " + path, errno);
  return facts_from(s);
}

result<file_facts> facts_of(int fd) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) return refused("cannot look at an open file", errno);
  return facts_from(s);
}

std::string path_of(int fd) {
  std::array<char, 4096> target{};
  const auto length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target.data(), target.size());
  if (length <= 0 || length == static_cast<ssize_t>(target.size())) return {};
  std::string path{target.data(), static_cast<std::size_t>(length)};
  constexpr std::string_view removed = " (deleted)";
  if (path.size() > removed.size() && path.compare(path.size() - removed.size(), removed.size(), removed) == 0)
    path.resize(path.size() - removed.size());
  return path;
}

outcome rename_file(const std::string& from, const std::string& to) {
  const auto here = find_place(from);
  if (!here) return here.failure();
  const auto there = find_place(to);
  if (!there) return there.failure();
  if (::renameat(here->directory.get(), here->name.c_str(), there->directory.get(), there->name.c_str()) != 0)
    return refused("cannot rename " + from + " to " + to, errno);
  return success();
}

outcome remove_file(const std::string& path) {
  const auto at = find_place(path);
  if (!at) return at.failure();
  if (::unlinkat(at->directory.get(), at->name.c_str(), 0) != 0) return refused("cannot remove " + path, errno);
  return success();
}

outcome sync_data(int fd) {
  if (::fdatasync(fd) != 0) return refused("cannot sync a file", errno);
  return success();
}

outcome cut_file(int fd, std::uint64_t size) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return refused("cannot cut a file off", errno);
  return success();
}

} // namespace alder::os
