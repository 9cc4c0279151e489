// The lines of one service's output: the last ones there are, and those that come after.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/line_splitter.hpp"
#include "runtime/logs/log_index.hpp"
#include "runtime/logs/packed_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_cursor.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace alder::logs {

struct log_entry {
  os::file_time at{};
  std::string text;             ///< without the line end; any bytes
  bool partial = false;         ///< the line continues in the next entry, or has no end yet
  wire::log_origin origin = {}; ///< who wrote it, in a file that is shared
  wire::log_position end = {};  ///< the place behind it and its line end
  /// The place before it.
  [[nodiscard]] wire::log_position begin() const;
  /// Wherever they are.
  bool operator==(const log_entry& other) const {
    return at == other.at && text == other.text && partial == other.partial && origin == other.origin;
  }
};

/// What to do with a last line that has no end (yet): `show` it as it is, or `hold` it until `read_new` finds the end.
enum class unfinished_line : std::uint8_t { show, hold };

/// Reads one output file and its archives, also while it is rotated. Holds the present file open between calls. Not for
/// use by two threads at once.
class log_reader {
public:
  /// Bytes searched backwards for the last lines; older lines are not found.
  static constexpr std::uint64_t most_tail_bytes = 16 * 1024 * 1024;
  /// Bytes one `read_new` takes unless it is told otherwise.
  static constexpr std::size_t most_new_bytes = 256 * 1024;

  /// Reads from the beginning of the file until `tail` or `seek` says otherwise. The file may be missing still.
  explicit log_reader(std::string file);

  /// The last `lines` lines, oldest first; a line longer than 1 MiB counts as several. `read_new` continues after them.
  /// Errors: denied, io. A missing file has no lines.
  [[nodiscard]] result<std::vector<log_entry>> tail(std::size_t lines, unfinished_line last);

  /// Whether there may be older lines than `tail` found, of those asked for: it looks into no compressed archive, and
  /// at most_tail_bytes together.
  [[nodiscard]] bool has_older() const { return has_older_; }

  /// Lets `read_new` begin with the archive in which the first lines of `since` or later are, and there no later than
  /// with these lines; nothing is left out, older lines may come first. Errors: denied, io.
  [[nodiscard]] outcome seek(os::file_time since);

  /// Lets `read_new` begin with the output of the process that runs, or of the next one: behind that of the last one
  /// that ended, of this instance where several share the file. Errors: denied, io.
  [[nodiscard]] outcome seek_present_run(std::optional<unsigned> instance = {});

  /// Lets `read_new` go on exactly behind a place that an entry, or `place`, gave: also when the file has been rotated,
  /// compressed or moved within its directory since, and whatever the clock did. What is gone is a gap, and what came
  /// after it follows. Errors: denied, io.
  [[nodiscard]] outcome resume(const wire::log_position& place);

  /// Where the lines that `read_new` gives next begin. Not inside of a compressed archive (unavailable). Errors:
  /// denied, io.
  [[nodiscard]] result<wire::log_position> place();

  /// Lets it begin behind all that is in the file now. Errors: denied, io.
  [[nodiscard]] outcome go_to_end();

  /// How many bytes of the present file count: those behind them may be taken back. Without it all do.
  std::function<std::uint64_t(const os::file_facts&)> settled;

  /// A last line that has no end yet, as it is now. `read_new` gives it once more when it has its end.
  [[nodiscard]] std::optional<log_entry> unfinished();

  /// What has come since, whole lines only. Call again while `has_more`. When the file was put aside and begun anew,
  /// its last line is given as it is, then come those of the next one; when it was cut off, it is read from the
  /// beginning. `most`: bytes that are read. Errors: denied, io.
  [[nodiscard]] result<std::vector<log_entry>> read_new(std::size_t most = most_new_bytes);
  [[nodiscard]] bool has_more() const { return has_more_; }

  /// What was deleted before it could be read: all that was written in this time. Told once, by the `read_new` or
  /// `tail` that came across it; its lines stand before the gap.
  struct gap {
    os::file_time from{};
    os::file_time to{};
    bool operator==(const gap&) const = default;
  };
  [[nodiscard]] std::optional<gap> take_gap() { return std::exchange(gap_, std::nullopt); }

  /// The present file, and how many of its bytes have been looked at; while it is this long there is nothing new.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t inode() const { return fd_ && facts_.is_regular ? facts_.inode : 0; }

private:
  [[nodiscard]] outcome open();
  [[nodiscard]] outcome open_archive(const std::string& stamp);
  [[nodiscard]] outcome open_after(std::string stamp);
  [[nodiscard]] outcome open_next(std::string stamp);
  [[nodiscard]] result<bool> find_place(const wire::log_position& place);
  [[nodiscard]] bool is_file_of(const wire::log_position& place);
  [[nodiscard]] result<bool> go_to_place(const wire::log_position& place);
  [[nodiscard]] result<std::string> bytes_before(std::uint64_t offset, std::size_t count);
  [[nodiscard]] outcome open_moved(std::uint64_t inode);
  [[nodiscard]] std::string stamp_of_moved() const;
  [[nodiscard]] wire::log_position position_at(std::uint64_t offset, os::file_time at) const;
  [[nodiscard]] wire::log_position end_of(const line_piece& piece, os::file_time at) const;
  [[nodiscard]] wire::log_position place_of_unknown() const;
  void note_begun();
  void note_loss();
  void wait_for_file();
  [[nodiscard]] result<std::size_t> read_block(std::span<char> into);
  [[nodiscard]] outcome go_to_line(std::uint64_t offset);
  [[nodiscard]] result<std::uint64_t> find_tail(std::uint64_t& budget, std::size_t& missing);
  [[nodiscard]] outcome find_in_archives(std::uint64_t& budget, std::size_t& missing);
  void close();
  [[nodiscard]] outcome read_until(std::uint64_t end, std::vector<line_piece>& pieces);
  [[nodiscard]] bool was_replaced() const;
  void go_to(std::uint64_t offset);
  void add(std::vector<line_piece>&& pieces, std::vector<log_entry>& entries);

  std::string file_;
  unique_fd fd_;
  std::string stamp_; ///< of the archive that is open; empty: the live file
  std::optional<packed_reader> packed_;
  bool packed_ended_ = false;
  os::file_facts facts_;
  log_index index_;
  line_splitter splitter_;
  std::vector<line_piece> held_; ///< read by `seek` already
  std::uint64_t position_ = 0;
  bool has_more_ = false;
  bool has_older_ = false;
  std::uint64_t begun_ns_ = 0; ///< of the present file, as in a log_position
  std::optional<gap> gap_;
  std::optional<os::file_time> lost_from_;  ///< a gap whose end is not known yet
  std::optional<std::string> waits_behind_; ///< this archive, or all when it is empty, for a file to be there
};

/// When the output of the process before the last end of a process began and ended; nothing when no process has ended.
/// `instance`: of this one alone, in a file that several share.
struct log_run {
  os::file_time began{}; ///< the beginning of time when it is not known
  os::file_time ended{};
};
[[nodiscard]] std::optional<log_run> previous_run(const std::string& file, std::optional<unsigned> instance = {});

/// A line and which of the streams merged it came from.
struct merged_entry {
  std::size_t stream = 0;
  log_entry entry;
  bool operator==(const merged_entry&) const = default;
};

/// The last `most` entries of all streams by time. Within a stream the order stays as it is, whatever its times say; at
/// the same time the earlier stream comes first.
[[nodiscard]] std::vector<merged_entry> merge_by_time(std::vector<std::vector<log_entry>> streams, std::size_t most);

} // namespace alder::logs
