// When the lines of an output file were written, from the index beside it.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace alder::logs {

/// The record at a position; nothing when it cannot be read.
using record_at = std::function<std::optional<wire::log_index_record>(std::uint64_t)>;

/// The last of `count` records, sorted by offset, that does not begin after `offset`; nothing when all do or one cannot
/// be read. Records that are not sorted give some answer, and no more than 64 are looked at.
[[nodiscard]] std::optional<std::uint64_t> find_chunk(std::uint64_t count, const record_at& record,
                                                      std::uint64_t offset);

/// Of an archive the index may be compressed. A missing or damaged index gives the output file's own time instead. Not
/// for use by two threads at once.
class log_index {
public:
  log_index() = default;
  /// `file`: the output file the index belongs to.
  explicit log_index(const std::string& file);

  /// Takes notice of what has been written since; `otherwise` stands for what the index does not know.
  void refresh(os::file_time otherwise);

  /// Where the first chunk begins that was written at `since` or later; nothing when that is not known, or none was.
  [[nodiscard]] std::optional<std::uint64_t> first_since(os::file_time since);

  /// Whether there is one.
  [[nodiscard]] bool is_open() const { return fd_.valid() || !unpacked_.empty(); }

  /// The first record there is; nothing when none can be read.
  [[nodiscard]] std::optional<wire::log_index_record> first() { return record(0); }

  /// When the archive was put aside that the file follows; nothing when that is not known.
  [[nodiscard]] std::optional<os::file_time> begun();

  /// The moments in which the output of processes ended, latest first, at most `most`; `instance`: of this one alone.
  [[nodiscard]] std::vector<os::file_time> ends_of_runs(std::size_t most, std::optional<unsigned> instance = {});

  /// Where the output of the process that ended last ends; nothing when none has.
  [[nodiscard]] std::optional<std::uint64_t> end_of_last_run(std::optional<unsigned> instance = {});

  /// What is known of the chunk in which the byte at `offset` came.
  struct chunk {
    os::file_time at{}; ///< when it was written
    wire::log_origin origin = {};
  };
  [[nodiscard]] chunk chunk_at(std::uint64_t offset);

  /// When the byte at `offset` was written, as exactly as the chunk it came in.
  [[nodiscard]] os::file_time time_at(std::uint64_t offset) { return chunk_at(offset).at; }

private:
  static constexpr std::size_t block_records = 256;

  [[nodiscard]] std::optional<wire::log_index_record> record(std::uint64_t position);
  [[nodiscard]] bool is_in_chunk(std::uint64_t position, std::uint64_t offset);

  std::string path_;
  unique_fd fd_;
  std::string unpacked_; ///< the whole of a compressed index
  std::uint64_t count_ = 0;
  os::file_time otherwise_{};
  std::optional<std::uint64_t> last_found_; ///< lines are asked for in order mostly
  std::uint64_t block_first_ = 0;
  std::size_t block_count_ = 0;
  std::array<char, block_records * wire::log_index_record_size> block_{};
};

} // namespace alder::logs
