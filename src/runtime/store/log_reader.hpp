// The lines of one service's output: the last ones there are, and those that come after.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/files.hpp"
#include "runtime/store/line_splitter.hpp"
#include "runtime/store/log_index.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alder::store {

struct log_entry {
  os::file_time at{};
  std::string text;     ///< without the line end; any bytes
  bool partial = false; ///< the line goes on in the next entry, or it has no end yet
  bool operator==(const log_entry&) const = default;
};

/// What to do with a last line that has no end (yet): `show` it as it is, or `hold` it until `read_new` finds the end.
enum class unfinished_line : std::uint8_t { show, hold };

/// Reads one output file, also across its rotation. Holds the file open between calls. Not for use by two threads at
/// once.
class log_reader {
public:
  /// Bytes searched backwards for the last lines; older lines are not found.
  static constexpr std::uint64_t most_tail_bytes = 16 * 1024 * 1024;
  /// Bytes one `read_new` takes.
  static constexpr std::size_t most_new_bytes = 1024 * 1024;

  /// Reads from the beginning of the file until `tail` says otherwise. The file may be missing still.
  explicit log_reader(std::string file);

  /// The last `lines` lines, oldest first; a line longer than 1 MiB counts as several. `read_new` goes on behind them.
  /// Errors: denied, io. A missing file has no lines.
  [[nodiscard]] result<std::vector<log_entry>> tail(std::size_t lines, unfinished_line last);

  /// What has come since, whole lines only. Call again while `has_more`. When the file was renamed and begun anew, its
  /// last line is given as it is, then come those of the new one; when it was cut off, it is read from the beginning.
  /// Errors: denied, io.
  [[nodiscard]] result<std::vector<log_entry>> read_new();
  [[nodiscard]] bool has_more() const { return has_more_; }

  /// Bytes of the present file that have been looked at; while it is this long there is nothing new.
  [[nodiscard]] std::uint64_t position() const { return position_; }

private:
  [[nodiscard]] outcome open();
  [[nodiscard]] result<std::uint64_t> find_tail(std::uint64_t size, std::size_t lines);
  [[nodiscard]] outcome read_until(std::uint64_t end, std::vector<line_piece>& pieces);
  [[nodiscard]] bool was_replaced() const;
  void go_to(std::uint64_t offset);
  void add(std::vector<line_piece>&& pieces, std::vector<log_entry>& entries);

  std::string file_;
  unique_fd fd_;
  os::file_facts facts_;
  log_index index_;
  line_splitter splitter_;
  std::uint64_t position_ = 0;
  bool has_more_ = false;
};

/// A line and which of the streams merged it came from.
struct merged_entry {
  std::size_t stream = 0;
  log_entry entry;
  bool operator==(const merged_entry&) const = default;
};

/// The last `most` entries of all streams by time. Within a stream the order stays as it is, whatever its times say; at
/// the same time the earlier stream comes first.
[[nodiscard]] std::vector<merged_entry> merge_by_time(std::vector<std::vector<log_entry>> streams, std::size_t most);

} // namespace alder::store
