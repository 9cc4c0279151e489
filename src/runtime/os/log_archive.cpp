#include "runtime/os/log_archive.hpp"

#include "runtime/base/words.hpp"
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

namespace alder::os {
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
bool rename_to_free(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false; // file systems that cannot do it
  if (::access(to.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from.c_str(), to.c_str()) == 0;
}

} // namespace

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

result<std::vector<archive_entry>> archives_in(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::opendir(directory.c_str()), ::closedir};
  if (!open) return failed("cannot read the directory", directory);
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
  const auto index = wire::log_index_path(live_path);
  for (int i = 0; i < most_tries; ++i, now += std::chrono::microseconds{1}) {
    wire::archive_name name{.live = live_path, .stamp = wire::archive_stamp(now)};
    auto index_name = name;
    index_name.is_index = true;
    const auto index_path = text_of(index_name);
    // The index has both names until the file has its new one: so it belongs to the file whenever we die.
    const bool is_linked = ::link(index.c_str(), index_path.c_str()) == 0;
    if (!is_linked && errno == EEXIST) continue;
    if (rename_to_free(live_path, text_of(name))) {
      // Without hard links there is a moment in which the index is not found; there may also be none.
      (void)(is_linked ? ::unlink(index.c_str()) : ::rename(index.c_str(), index_path.c_str()));
      return name.stamp;
    }
    const int number = errno;
    if (is_linked) (void)::unlink(index_path.c_str()); // left over, it is an index of nothing and cleared away later
    errno = number;
    if (number != EEXIST) break;
  }
  return failed("cannot rotate", live_path);
}

void forget_archived_index(const std::string& live_path) {
  const auto index = wire::log_index_path(live_path);
  struct stat facts {};
  if (::stat(index.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink > 1)
    (void)::unlink(index.c_str()); // if it cannot be, its first record does not fit and it is begun anew
}

void clear_log(const std::string& live_path) {
  const auto facts = facts_of(live_path);
  if (!facts || !facts->is_regular) return;
  (void)::truncate(live_path.c_str(), 0);
  (void)::truncate(wire::log_index_path(live_path).c_str(), 0);
  const auto all = archives_in(directory_of(live_path));
  if (!all) return;
  for (const auto& entry : *all)
    if (entry.name.live == live_path) (void)::unlink(text_of(entry.name).c_str());
}

std::uint64_t free_bytes(const std::string& path) {
  struct statvfs facts {};
  if (::statvfs(path.c_str(), &facts) != 0) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

} // namespace alder::os
