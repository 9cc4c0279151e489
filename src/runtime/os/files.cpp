#include "runtime/os/files.hpp"

#include "runtime/base/words.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

error refused(const std::string& what, int number) {
  auto kind = error_kind::io;
  if (number == ENOENT || number == ENOTDIR) kind = error_kind::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) kind = error_kind::denied;
  return {kind, what + ": " + errno_text(number), number};
}

result<unique_fd> open_file(const std::string& path, int flags, const char* verb, unsigned mode = 0600) {
  unique_fd fd{::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode)};
  if (!fd) return refused(std::string{"cannot "} + verb + " " + path, errno);
  return fd;
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

/// "/a/b" of "/a/b/c", "." of "c".
std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

outcome sync(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return refused("cannot sync " + path, errno);
  return success();
}

/// A new name in a directory is only safe from a power cut once the directory itself is synced.
outcome sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY, "open");
  if (!fd) return fd.failure();
  return sync(fd->get(), path);
}

outcome write_beside(const std::string& path, std::string_view data) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, "write");
  if (!fd) return fd.failure();
  if (auto written = write_all(fd->get(), data); !written) return written;
  return sync(fd->get(), path);
}

outcome make_directory(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0) return success();
  const int number = errno;
  struct stat s {};
  if (::stat(path.c_str(), &s) == 0) {
    if (S_ISDIR(s.st_mode)) return success();
    return error{error_kind::conflict, "cannot create directory " + path + ": it is a file", number};
  }
  return refused("cannot create directory " + path, number);
}

} // namespace

result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto fd = open_for_reading(path);
  if (!fd) return fd.failure();
  std::string text;
  constexpr std::size_t step = 64 * 1024;
  while (true) {
    const std::size_t before = text.size();
    text.resize(std::min(before + step, limit + 1));
    const auto got = ::read(fd->get(), text.data() + before, text.size() - before);
    if (got < 0 && errno != EINTR) return refused("cannot read " + path, errno);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (text.size() > limit)
      return error{error_kind::too_large, path + " is larger than " + std::to_string(limit) + " bytes"};
    if (got == 0) return text;
  }
}

outcome write_file_atomically(const std::string& path, std::string_view data) {
  const std::string beside = path + ".new";
  auto written = write_beside(beside, data);
  if (written) written = rename_file(beside, path);
  if (!written) {
    (void)::unlink(beside.c_str()); // the error that matters is the one being returned
    return written;
  }
  return sync_directory(directory_of(path));
}

outcome make_directories(const std::string& path, unsigned mode) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (auto made = make_directory(path.substr(0, slash), mode); !made) return made;
  }
  return make_directory(path, mode);
}

outcome append(const std::string& path, std::string_view data) {
  auto fd = open_for_append(path);
  if (!fd) return fd.failure();
  return write_all(fd->get(), data);
}

result<unique_fd> open_for_reading(const std::string& path) { return open_file(path, O_RDONLY, "read"); }

result<unique_fd> open_for_append(const std::string& path, unsigned mode) {
  return open_file(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, "open", mode);
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
  if (std::rename(from.c_str(), to.c_str()) != 0) return refused("cannot rename " + from + " to " + to, errno);
  return success();
}

outcome make_readable(const std::string& path) {
  if (::chmod(path.c_str(), 0644) != 0) return refused("cannot change the mode of " + path, errno);
  return success();
}

outcome remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return refused("cannot remove " + path, errno);
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
