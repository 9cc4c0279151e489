#include "runtime/base/path.hpp"

#include "runtime/base/text.hpp"

#include <vector>

namespace alder {

std::string absolute_path(std::string_view path, std::string_view directory) {
  const std::string whole =
      path.substr(0, 1) == "/" ? std::string{path} : std::string{directory} + "/" + std::string{path};
  std::vector<std::string> parts;
  for (const auto part : split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return "/" + join(parts, "/");
}

} // namespace alder
