// The index beside an output file, as it is written: one record for each chunk, with its place, its time and its
// writer. It is a help: without it lines have less exact times, so its errors go no further.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/log_access.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_archive_name.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace alder::logs {

/// Opened when it is needed. Not for use by two threads at once.
class log_index_writer {
public:
  using steady_time = std::chrono::steady_clock::time_point;

  /// Of the output file `file`; what failed is tried again after `retry_after`.
  log_index_writer(std::string file, std::chrono::milliseconds retry_after, log_access access);

  /// The output file is another from now on, or may be: it is opened again with the next need.
  void forget();
  /// When the first bytes were written; nothing when that is not known.
  [[nodiscard]] std::optional<os::file_time> first_moment();
  /// The archive that the file follows; the beginning of time when that is not known.
  [[nodiscard]] wire::archive_time predecessor();
  /// Adds a record. When the file was cut off meanwhile, the times before are void, and the index begins anew with the
  /// next one.
  void add(const wire::log_index_record& record, steady_time now);
  /// Where an index that could not be read was kept; told once.
  [[nodiscard]] std::string take_kept();

private:
  void open();
  [[nodiscard]] bool put_aside();

  std::string file_;
  std::string path_;
  std::chrono::milliseconds retry_after_;
  log_access access_;
  unique_fd fd_;
  std::uint64_t last_offset_ = 0;
  steady_time next_try_{}; ///< when it is not open
  std::string kept_;
};

} // namespace alder::logs
