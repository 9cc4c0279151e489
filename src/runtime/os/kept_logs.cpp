#include "runtime/os/kept_logs.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace alder::os {
namespace {

constexpr std::string_view out_end = ".out.log";
constexpr std::string_view err_end = ".err.log";

/// No link of somebody else is followed (safe_open.hpp).
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const auto inside = find_place(directory + "/_"); // the name does not matter
  if (!inside) return names;
  unique_fd fd{::openat(inside->directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::fdopendir(fd.get()), ::closedir};
  if (!open) return names;
  (void)fd.release(); // the stream closes it
  while (const dirent* entry = ::readdir(open.get())) {
    std::string name{entry->d_name};
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  return names;
}

} // namespace

std::vector<kept_log> kept_logs(const std::string& log_dir) {
  std::vector<kept_log> found;
  for (const auto& tree : names_in(log_dir)) {
    const auto directory = log_dir + "/" + tree;
    for (const auto& name : names_in(directory)) {
      const bool is_err = name.size() > err_end.size() && name.ends_with(err_end);
      const bool is_out = name.size() > out_end.size() && name.ends_with(out_end);
      struct stat facts {};
      const auto path = directory + "/" + name;
      if ((!is_err && !is_out) || ::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
      found.push_back({tree, name.substr(0, name.size() - (is_err ? err_end : out_end).size()), path,
                       static_cast<std::uint64_t>(facts.st_size), is_err});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.tree, a.service, a.is_err) < std::tie(b.tree, b.service, b.is_err);
  });
  return found;
}

} // namespace alder::os
