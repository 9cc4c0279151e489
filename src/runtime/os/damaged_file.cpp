#include "runtime/os/damaged_file.hpp"

#include "runtime/base/number.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::string_view mark = ".damaged";
constexpr unsigned most_attempts = 100; // of finding a number that nobody else takes at the same time

error refused(const std::string& path, int number) {
  auto kind = error_kind::io;
  if (number == ENOENT || number == ENOTDIR) kind = error_kind::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) kind = error_kind::denied;
  return {kind, "cannot rename " + path + " to keep it: " + errno_text(number), number};
}

/// Of "NAME.damaged" 1, of "NAME.damaged.7" 7.
std::optional<std::uint64_t> number_of(std::string_view name) {
  const auto found = name.rfind(mark);
  if (found == std::string_view::npos || found == 0) return std::nullopt;
  const auto rest = name.substr(found + mark.size());
  if (rest.empty()) return 1;
  if (rest.front() != '.') return std::nullopt;
  return parse_number<std::uint64_t>(rest.substr(1));
}

/// `directory` may be one that is open for its names alone (O_PATH).
std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  const int readable = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (readable < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::fdopendir(readable), ::closedir};
  while (open) {
    const auto* entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    if (number_of(name)) names.emplace_back(name);
  }
  return names;
}

struct kept_file {
  std::uint64_t number = 0;
  std::string name;
};

/// Those of this file, the oldest first.
std::vector<kept_file> kept_of(const safe_place& at) {
  const auto base = at.name + std::string{mark};
  std::vector<kept_file> found;
  for (const auto& name : names_in(at.directory.get())) {
    const bool is_of_it = name == base || name.rfind(base + ".", 0) == 0;
    if (is_of_it) found.push_back({*number_of(name), name});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return found;
}

std::optional<struct stat> facts_in(const safe_place& at, const std::string& name) {
  struct stat facts {};
  if (::fstatat(at.directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return facts;
}

/// Never over something that has the name. 0, or the error's number.
int give_name(const safe_place& at, const std::string& name, bool is_file) {
  const int directory = at.directory.get();
  if (is_file && ::linkat(directory, at.name.c_str(), directory, name.c_str(), 0) == 0) return 0;
  if (is_file && errno == EEXIST) return EEXIST;
  // No links for files of others, or none at all on this file system; or it is none.
  if (::renameat2(directory, at.name.c_str(), directory, name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (facts_in(at, name)) return EEXIST;
  return ::renameat(directory, at.name.c_str(), directory, name.c_str()) == 0 ? 0 : errno;
}

/// A directory that is not empty stays: what is in it is not ours.
void make_room(const safe_place& at, const std::vector<kept_file>& kept) {
  auto count = kept.size();
  for (const auto& one : kept) {
    if (count <= most_damaged_files) return;
    if (::unlinkat(at.directory.get(), one.name.c_str(), 0) == 0 ||
        ::unlinkat(at.directory.get(), one.name.c_str(), AT_REMOVEDIR) == 0)
      --count;
  }
}

} // namespace

result<std::string> keep_damaged(const std::string& path) {
  const auto at = find_place(path);
  if (!at) return at.failure();
  const auto directory = path.substr(0, path.rfind('/') + 1); // as the caller calls it
  const auto now = facts_in(*at, at->name);
  if (!now) return refused(path, errno);
  auto kept = kept_of(*at);
  for (const auto& one : kept) {
    const auto known = facts_in(*at, one.name);
    if (known && known->st_dev == now->st_dev && known->st_ino == now->st_ino) return directory + one.name;
  }
  auto number = kept.empty() ? 1 : kept.back().number + 1;
  for (unsigned attempt = 0; attempt < most_attempts; ++attempt, ++number) {
    const auto name = at->name + std::string{mark} + (number == 1 ? "" : "." + std::to_string(number));
    const int failed = give_name(*at, name, S_ISREG(now->st_mode));
    if (failed == EEXIST) continue;
    if (failed != 0) return refused(path, failed);
    kept.push_back({number, name});
    make_room(*at, kept);
    return directory + name;
  }
  return refused(path, EEXIST);
}

std::vector<std::string> damaged_files(const std::string& directory) {
  const auto at = find_place(directory + "/.damaged"); // any name in it
  if (!at) return {};
  auto names = names_in(at->directory.get());
  std::sort(names.begin(), names.end());
  for (auto& name : names)
    name = directory + "/" + name;
  return names;
}

bool is_taken(const std::string& path) {
  struct stat there {};
  return ::lstat(path.c_str(), &there) == 0;
}

} // namespace alder::os
