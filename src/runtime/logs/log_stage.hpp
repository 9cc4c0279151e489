// How output leaves a pipe exactly once, whenever the daemon dies: bytes are looked at, written, and only then taken;
// what was under way is noted in memory that outlives the daemon, and what was taken shows in a pipe that does too.
//
// Phase     what a successor finds                           and does
// idle      nothing was under way                            empties the staging pipe
// writing   a part of the chunk may be in the file           cuts the file back; the bytes are still in their pipe
// moving    the chunk is in the file; of `take` bytes some   takes the rest out of the pipe
//           may have left their pipe for the staging pipe
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/log_stage_files.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace alder::logs {

/// An addition to a regular file that may be cut short: what a successor needs to undo it.
struct file_addition {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  ///< before
  std::uint64_t bytes = 0; ///< to be added, at most
};
/// False: `file` cannot be asked.
[[nodiscard]] bool about_to_add(int file, std::size_t bytes, file_addition& what);
/// Cuts the file back, if it is the one and has nothing else at its end.
void undo(const file_addition& what, const char* path);

/// The bytes at the end of a file that a successor would take back, if we died now, and write again, perhaps in another
/// order: nobody should be shown them yet. Any thread.
class unsettled_bytes {
public:
  void begin(const file_addition& what);
  void end();
  /// How many of the file's `size` bytes stay; ask for the size first.
  [[nodiscard]] std::uint64_t settled(const os::file_facts& file) const;

private:
  mutable std::mutex mutex_;
  std::optional<file_addition> adding_;
};

/// One thread at a time. Only one chunk is under way at a time, over all pipes.
class log_stage {
public:
  /// Bytes one `peek` shows at most.
  static constexpr std::size_t most_peeked = std::size_t{256} * 1024;

  /// Takes over what a predecessor left and brings what it had under way to its end. `pipes`: read ends of all output
  /// pipes there are, so that the one it was reading is among them. Invalid `files`: it makes its own, and nothing
  /// outlives this process. Errors: io.
  [[nodiscard]] static result<log_stage> take_over(os::log_stage_files files, std::span<const int> pipes);

  log_stage(log_stage&& other) noexcept;
  log_stage& operator=(log_stage&&) = delete;
  log_stage(const log_stage&) = delete;
  log_stage& operator=(const log_stage&) = delete;
  ~log_stage();

  /// What `peek` found.
  struct sight {
    std::string_view bytes; ///< valid until the next `peek`; the pipe still holds them
    bool has_ended = false; ///< nobody can write to the pipe any more, or it cannot be read
  };
  /// Looks at the first bytes of a pipe, at most `most` of them, without taking any. Empty and not ended: there is
  /// nothing at the moment.
  [[nodiscard]] sight peek(int pipe, std::size_t most = most_peeked);

  /// `bytes` bytes are about to be added to `path`, opened as `file`, a regular file.
  void begin_write(int file, const std::string& path, std::size_t bytes);
  /// The write failed and was taken back.
  void give_up();
  /// What is being written right now.
  [[nodiscard]] const std::shared_ptr<unsettled_bytes>& unsettled() const { return unsettled_; }
  /// The first `count` bytes of the pipe, seen by the last `peek`, are dealt with: they leave it. Ends what
  /// `begin_write` began.
  void take(int pipe, std::size_t count);

private:
  enum class phase : std::uint32_t;
  struct record;
  log_stage() = default;
  [[nodiscard]] outcome open_own();
  void recover(std::span<const int> pipes);
  void finish_move(int pipe, std::size_t count);
  void empty_stage();

  os::log_stage_files files_;
  record* record_ = nullptr; ///< mapped
  std::shared_ptr<unsettled_bytes> unsettled_ = std::make_shared<unsettled_bytes>();
  unique_fd look_read_; ///< a private pipe for copies of what is looked at
  unique_fd look_write_;
  unique_fd nowhere_; ///< /dev/null
  std::string buffer_;
};

} // namespace alder::logs
