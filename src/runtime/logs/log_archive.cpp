#include "runtime/logs/log_archive.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/safe_open.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <tuple>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr int most_tries = 1000; // to find a moment whose name is free

error failed(const char* what, const std::string& path) {
  const int number = errno;
  const auto kind = number == ENOENT                                         ? error_kind::not_found
                    : number == EACCES || number == EPERM || number == EROFS ? error_kind::denied
                                                                             : error_kind::io;
  return {kind, std::string{what} + " '" + path + "': " + errno_text(number), number};
}

/// Unlike rename it replaces nothing.
bool rename_to_free(int directory, const std::string& from, const std::string& to) {
  if (::renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false; // file systems that cannot do it
  if (::faccessat(directory, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::renameat(directory, from.c_str(), directory, to.c_str()) == 0;
}

/// The last name of a path.
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Empties a file that is there, unless it is another's or no file.
void empty_file(const std::string& path, std::optional<std::uint32_t> owner) {
  const auto opened = os::open_to_write(path, {.create = false, .owner = owner});
  if (opened) (void)os::cut_file(opened->fd.get(), 0);
}

using directory_stream = std::unique_ptr<DIR, int (*)(DIR*)>;

/// By the rule of safe_open.hpp: no link of somebody else leads there.
result<directory_stream> list_directory(const std::string& directory) {
  const auto inside = os::find_place(directory + "/_"); // the name does not matter
  if (!inside) return inside.failure();
  unique_fd fd{::openat(inside->directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return failed("cannot read the directory", directory);
  directory_stream stream{::fdopendir(fd.get()), ::closedir};
  if (!stream) return failed("cannot read the directory", directory);
  (void)fd.release(); // the stream closes it
  return stream;
}

} // namespace

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

result<std::vector<archive_entry>> archives_in(const std::string& directory) {
  const auto listed = list_directory(directory);
  if (!listed) return listed.failure();
  const auto& open = *listed;
  std::vector<archive_entry> found;
  while (const dirent* entry = ::readdir(open.get())) {
    auto name = wire::parse_archive_name(entry->d_name);
    if (!name) continue;
    struct stat facts {};
    if (::fstatat(::dirfd(open.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode))
      continue; // gone meanwhile, or somebody else's
    name->live = directory + "/" + name->live;
    found.push_back({std::move(*name), static_cast<std::uint64_t>(facts.st_size)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name.stamp, a.name.live) < std::tie(b.name.stamp, b.name.live);
  });
  return found;
}

std::optional<std::string> path_of_inode(const std::string& directory, std::uint64_t inode) {
  const auto listed = list_directory(directory);
  if (!listed) return std::nullopt;
  const auto& open = *listed;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_ino != inode) continue;
    struct stat facts {};
    if (::fstatat(::dirfd(open.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(facts.st_mode) &&
        facts.st_ino == inode)
      return directory + "/" + entry->d_name;
  }
  return std::nullopt;
}

std::vector<wire::archive_name> archives_of(const std::string& live_path) {
  const auto all = archives_in(directory_of(live_path));
  if (!all) return {};
  std::map<std::string, wire::archive_name> by_stamp;
  for (const auto& entry : *all) {
    const auto& name = entry.name;
    if (name.live != live_path || name.is_index || name.is_unfinished) continue;
    auto& kept = by_stamp[name.stamp];
    if (kept.stamp.empty() || name.compression == log_compression::none) kept = name;
  }
  std::vector<wire::archive_name> archives;
  for (auto& [stamp, name] : by_stamp)
    archives.push_back(std::move(name));
  return archives;
}

result<std::string> archive_file(const std::string& live_path, wire::archive_time now) {
  const auto at = os::find_place(live_path);
  if (!at) return at.failure();
  const int directory = at->directory.get();
  const auto index = wire::log_index_path(at->name);
  for (int i = 0; i < most_tries; ++i, now += std::chrono::microseconds{1}) {
    wire::archive_name name{.live = live_path, .stamp = wire::archive_stamp(now)};
    auto index_name = name;
    index_name.is_index = true;
    const auto index_path = name_of(text_of(index_name));
    // The index has both names until the file has its new one: so it belongs to the file whenever we die.
    const bool is_linked = ::linkat(directory, index.c_str(), directory, index_path.c_str(), 0) == 0;
    if (!is_linked && errno == EEXIST) continue;
    if (rename_to_free(directory, at->name, name_of(text_of(name)))) {
      // Without hard links there is a moment in which the index is not found; there may also be none.
      (void)(is_linked ? ::unlinkat(directory, index.c_str(), 0)
                       : ::renameat(directory, index.c_str(), directory, index_path.c_str()));
      return name.stamp;
    }
    const int number = errno;
    // Left over, it is an index of nothing and cleared away later.
    if (is_linked) (void)::unlinkat(directory, index_path.c_str(), 0);
    errno = number;
    if (number != EEXIST) break;
  }
  return failed("cannot rotate", live_path);
}

void forget_archived_index(const std::string& live_path) {
  const auto at = os::find_place(wire::log_index_path(live_path));
  struct stat facts {};
  if (at && ::fstatat(at->directory.get(), at->name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(facts.st_mode) && facts.st_nlink > 1)
    (void)::unlinkat(at->directory.get(), at->name.c_str(),
                     0); // if it cannot be, its first record does not fit and it is begun anew
}

void clear_log(const std::string& live_path, std::optional<std::uint32_t> owner) {
  const auto facts = os::facts_of(live_path);
  if (!facts || !facts->is_regular) return;
  empty_file(live_path, owner);
  empty_file(wire::log_index_path(live_path), owner);
  const auto all = archives_in(directory_of(live_path));
  if (!all) return;
  for (const auto& entry : *all)
    if (entry.name.live == live_path) (void)os::remove_file(text_of(entry.name));
}

std::uint64_t free_bytes(const std::string& path) {
  struct statvfs facts {};
  if (::statvfs(path.c_str(), &facts) != 0) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

} // namespace alder::logs
