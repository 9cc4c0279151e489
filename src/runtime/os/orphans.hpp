// What is left of a keeper and a daemon that were killed together: their services, which are found by what was written
// down of them or by the mark in their environment, and their output, which is taken hold of again.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::os {

/// A pidfd of the process with this pid and start time, if it is still alive. Errors: not_found (it is gone, even if
/// another process has its pid now), io.
[[nodiscard]] result<unique_fd> open_same_process(int pid, std::uint64_t start_ticks);

/// The read end of the pipe that is descriptor `number` of a process, if it is the pipe with this inode; close-on-exec,
/// non-blocking. Invalid when it is another file by now, or not to be had.
[[nodiscard]] unique_fd reopen_pipe(int pid, int number, std::uint64_t inode);

/// The inode behind a descriptor of ours; 0: it is not open.
[[nodiscard]] std::uint64_t inode_of(int fd);
/// The inode behind descriptor `number` of a process; 0: it is not open, or the process is gone.
[[nodiscard]] std::uint64_t inode_of(int pid, int number);

/// A process that leads its session, as main processes do.
struct marked_process {
  int pid = 0;
  std::uint64_t start_ticks = 0;
  std::string rest; ///< of its mark, behind `prefix`
};
/// The living ones whose ALDER_MEMBER begins with `prefix`, the oldest first.
[[nodiscard]] std::vector<marked_process> marked_leaders(std::string_view prefix);

/// The mark in the file at `path`, if it was written since this machine started and in this namespace of process
/// numbers: a keeper was here and did not end in order. One that holds something else is damaged; then that in `spare`.
[[nodiscard]] std::optional<std::string> written_line_mark(const std::string& path, const std::string& spare);

/// The mark of this line of keepers: the one in the file at `path`, if it was written since this machine started and in
/// this namespace of process numbers, else `own`, which is written there. A file that holds something else is kept
/// beside, and the one at `spare`, which holds the same, is asked. Errors: io (then `own` counts).
[[nodiscard]] result<std::string> line_mark(const std::string& path, const std::string& spare, const std::string& own);

} // namespace alder::os
