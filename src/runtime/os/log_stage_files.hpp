// What outlives a daemon of the output it had under way: made once, held by the keeper, given to each daemon in turn.
// What it is for is in runtime/logs/log_stage.hpp; the keeper, which knows nothing of logs, only keeps it.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <cstddef>

namespace alder::os {

/// All close-on-exec.
struct log_stage_files {
  unique_fd read;   ///< of the staging pipe, non-blocking
  unique_fd write;  ///< of the staging pipe, non-blocking
  unique_fd memory; ///< a memfd of `log_stage_memory` bytes
  [[nodiscard]] bool valid() const { return read.valid() && write.valid() && memory.valid(); }
};

inline constexpr std::size_t log_stage_memory = 8192;

/// Errors: io (no descriptors or memory left).
[[nodiscard]] result<log_stage_files> make_log_stage();

/// A pipe like the staging pipe: non-blocking, close-on-exec, and as large as the largest that is read, if the user's
/// share allows it. Errors: io.
outcome make_stage_pipe(unique_fd& read, unique_fd& write);

/// What errno says about a step of making these.
[[nodiscard]] error stage_refused(const char* step);

} // namespace alder::os
