// The way the kernel goes from / to what a path leads to: what has to stay the same for the path to lead there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::os {

/// An entry of a directory on the way: a directory, a link, or what the path leads to.
struct trail_step {
  std::string directory; ///< without links
  std::string name;
  auto operator<=>(const trail_step&) const = default;
};

/// What is at the end.
struct trail_end {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born_ns = 0; ///< an inode's number is used again; 0: this file system does not know
  bool is_directory = false;
  bool is_settled = true; ///< false: a file that only one name leads to; it may still be being written
  bool operator==(const trail_end& other) const {
    return device == other.device && inode == other.inode && born_ns == other.born_ns &&
           is_directory == other.is_directory;
  }
};

struct path_trail {
  std::vector<trail_step> steps; ///< from / on; the last is missing when there is no end
  std::optional<trail_end> end;  ///< none: it leads nowhere
  bool operator==(const path_trail&) const = default;
};

/// Follows an absolute path. After 40 links, as in the kernel, it leads nowhere.
[[nodiscard]] path_trail follow_path(const std::string& path);

} // namespace alder::os
