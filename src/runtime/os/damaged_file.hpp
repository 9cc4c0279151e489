// What could not be read is kept beside, under a name of its own, for people to look at.
#pragma once

#include "alder/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace alder::os {

/// So many are kept of one file; then the oldest makes way.
inline constexpr std::size_t most_damaged_files = 10;

/// Gives what stands at `path` a name of its own in the same directory: PATH.damaged, then PATH.damaged.2 and so on; an
/// older one is never overwritten. A regular file has both names afterwards, so that a crash loses nothing: the caller
/// replaces it (os::write_file_atomically) and must not write into it. Anything else (a directory, a link, a FIFO) is
/// renamed. What is kept already under such a name is not kept twice. Returns the new name. Errors: not_found, denied,
/// io.
[[nodiscard]] result<std::string> keep_damaged(const std::string& path);

/// The files that keep_damaged() has left in a directory, as paths, sorted; none when it cannot be read.
[[nodiscard]] std::vector<std::string> damaged_files(const std::string& directory);

/// Whether anything has this name, also a link to nothing.
[[nodiscard]] bool is_taken(const std::string& path);

} // namespace alder::os
