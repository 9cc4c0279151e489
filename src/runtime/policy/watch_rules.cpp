#include "runtime/policy/watch_rules.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <fnmatch.h>

namespace alder::policy {
namespace {

/// A glob without '/' is about a name on the way to the file, one with '/' about the whole way.
bool matches(const std::string& glob, const std::string& below) {
  if (glob.find('/') != std::string::npos) {
    for (auto end = below.size(); end != std::string::npos && end > 0; end = below.rfind('/', end - 1))
      if (::fnmatch(glob.c_str(), below.substr(0, end).c_str(), FNM_PATHNAME) == 0) return true;
    return false;
  }
  for (std::size_t begin = 0; begin <= below.size();) {
    const auto end = std::min(below.find('/', begin), below.size());
    if (::fnmatch(glob.c_str(), below.substr(begin, end - begin).c_str(), 0) == 0) return true;
    begin = end + 1;
  }
  return false;
}

} // namespace

bool is_watched(const watch_spec& watch, std::string_view path) {
  return std::any_of(watch.paths.begin(), watch.paths.end(), [&](const std::string& root) {
    if (path.substr(0, root.size()) != root) return false;
    if (path.size() == root.size()) return true;
    if (path[root.size()] != '/' && root != "/") return false;
    const std::string below{path.substr(root == "/" ? 1 : root.size() + 1)};
    return std::none_of(watch.ignore.begin(), watch.ignore.end(),
                        [&](const std::string& glob) { return matches(glob, below); });
  });
}

} // namespace alder::policy
