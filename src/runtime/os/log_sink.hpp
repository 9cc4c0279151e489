// One output file and the index beside it, as the log pump writes them; it survives a full disk and tells so once.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/files.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alder::os {

/// Working: bytes go to the file. Failing: from the first error on bytes are counted and dropped, and the next try is
/// made with the first chunk after `retry_after`; when it succeeds, the sink works again. Not for use by two threads at
/// once.
class log_sink {
public:
  using steady_time = std::chrono::steady_clock::time_point;
  struct moment {
    file_time wall;
    steady_time steady;
  };
  /// What an operation changed, for the owner to tell.
  struct report {
    std::optional<int> failed;              ///< errno: it has begun to fail
    std::optional<std::uint64_t> recovered; ///< bytes lost: it works again
  };

  explicit log_sink(std::string path, std::chrono::milliseconds retry_after = std::chrono::seconds{1});

  /// Opens the file (created with mode 0600, missing directories with 0700); its index is opened with the first bytes.
  report open(moment now);

  /// Adds the bytes as they are; the index gets one record, and only when bytes were written. Never waits for a retry.
  report append(std::string_view chunk, moment now);

  /// Ends a last line that has no end yet. While failing this is left to the recovery.
  report end_line(moment now);

  /// Opens the path again, after a rotation or after what was in the way is gone; tries at once.
  report reopen(moment now);

  /// Bytes in the file; other than what a reader has seen: there is something new.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::uint64_t bytes_lost() const { return bytes_lost_; }
  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; } ///< line ends among the bytes lost

private:
  [[nodiscard]] int open_files();
  [[nodiscard]] int write_some(std::string_view& chunk);
  void open_index();
  void add_to_index(std::uint64_t offset, moment now);
  report fail(int number, std::string_view lost, moment now);

  std::string path_;
  std::chrono::milliseconds retry_after_;
  unique_fd file_;
  unique_fd index_;
  std::uint64_t size_ = 0;
  std::uint64_t last_indexed_ = 0;
  bool is_regular_ = false;
  steady_time next_index_try_{};        ///< when `index_` is not open
  bool in_line_ = false;                ///< the last byte written was not a line end
  std::optional<steady_time> next_try_; ///< failing
  std::uint64_t lost_this_time_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t bytes_lost_ = 0;
  std::uint64_t lines_lost_ = 0;
};

} // namespace alder::os
