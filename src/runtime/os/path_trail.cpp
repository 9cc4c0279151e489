#include "runtime/os/path_trail.hpp"

#include "runtime/base/text.hpp"

#include <climits>

#include <array>
#include <deque>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr unsigned most_links = 40;

std::string joined(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

void go_up(std::string& directory) {
  const auto slash = directory.rfind('/');
  directory.resize(slash == 0 ? 1 : slash);
}

void put_first(std::deque<std::string>& rest, const std::string& path) {
  std::size_t place = 0;
  for (const auto part : split(path, '/'))
    if (!part.empty() && part != ".")
      rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(place++), std::string{part});
}

std::optional<trail_end> end_of(const std::string& path) {
  struct statx facts {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS | STATX_BTIME, &facts) != 0) return std::nullopt;
  trail_end end;
  end.device = std::uint64_t{facts.stx_dev_major} << 32U | facts.stx_dev_minor;
  end.inode = facts.stx_ino;
  if ((facts.stx_mask & STATX_BTIME) != 0)
    end.born_ns = facts.stx_btime.tv_sec * 1'000'000'000 + facts.stx_btime.tv_nsec;
  end.is_directory = S_ISDIR(facts.stx_mode);
  end.is_settled = !S_ISREG(facts.stx_mode) || facts.stx_nlink != 1;
  return end;
}

} // namespace

path_trail follow_path(const std::string& path) {
  path_trail trail;
  std::string directory = "/";
  std::deque<std::string> rest;
  put_first(rest, path);
  for (unsigned links = 0; !rest.empty();) {
    const auto name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      go_up(directory);
      continue;
    }
    trail.steps.push_back({directory, name});
    const auto whole = joined(directory, name);
    struct stat facts {};
    if (::lstat(whole.c_str(), &facts) != 0) return trail;
    if (S_ISLNK(facts.st_mode)) {
      std::array<char, PATH_MAX> target{};
      const auto size = ::readlink(whole.c_str(), target.data(), target.size());
      if (size <= 0 || ++links > most_links) return trail;
      const std::string to{target.data(), static_cast<std::size_t>(size)};
      if (to.front() == '/') directory = "/";
      put_first(rest, to);
      continue;
    }
    if (!rest.empty() && !S_ISDIR(facts.st_mode)) return trail;
    directory = whole;
  }
  trail.end = end_of(directory);
  return trail;
}

} // namespace alder::os
