#include "runtime/os/log_stage_files.hpp"

#include "runtime/base/words.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr int stage_bytes = 1024 * 1024; // as large as the largest pipe that is read, so that a chunk always fits

} // namespace

error stage_refused(const char* step) {
  return {error_kind::io, std::string{"cannot stage output: "} + step + ": " + errno_text(errno), errno};
}

outcome make_stage_pipe(unique_fd& read, unique_fd& write) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return stage_refused("pipe");
  read.reset(ends[0]);
  write.reset(ends[1]);
  (void)::fcntl(write.get(), F_SETPIPE_SZ, stage_bytes); // refused beyond the user's share: chunks are smaller then
  return success();
}

result<log_stage_files> make_log_stage() {
  log_stage_files made;
  if (auto piped = make_stage_pipe(made.read, made.write); !piped) return piped.failure();
  made.memory.reset(::memfd_create("alder-log-stage", MFD_CLOEXEC));
  if (!made.memory || ::ftruncate(made.memory.get(), log_stage_memory) != 0) return stage_refused("memory");
  return made;
}

} // namespace alder::os
