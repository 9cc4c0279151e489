// One output file and the index beside it, as the log pump writes them. It is rotated when it is full or its period is
// over, survives a full disk, and reports that once.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/file_sight.hpp"
#include "runtime/logs/log_access.hpp"
#include "runtime/logs/log_author.hpp"
#include "runtime/logs/log_index_writer.hpp"
#include "runtime/logs/log_spill.hpp"
#include "runtime/logs/log_stage.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_archive_name.hpp"

#include "alder/log_spec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace alder::logs {

/// Working: bytes go to the file. Failing: from the first error on bytes are counted and dropped, line by line, and the
/// next try is made with the first chunk after `retry_after`; when it succeeds, the sink works again. With `block` none
/// is dropped: they are left to the caller, who tries again after `retry_at`. So are, for a moment, those that a socket
/// has no room for. With `spill` they wait in another directory, and the owner calls `write_back` until none is left.
/// Not for use by two threads at once.
class log_sink {
public:
  using steady_time = std::chrono::steady_clock::time_point;
  struct moment {
    os::file_time wall;
    steady_time steady;
  };
  /// What an operation changed, for the owner to tell.
  struct report {
    std::optional<int> failed;              ///< errno: it has begun to fail
    std::optional<std::uint64_t> recovered; ///< bytes lost: it works again
    std::size_t taken = 0;                  ///< bytes that are dealt with: written, or given up
    std::optional<int> not_rotated;         ///< errno: it is due for rotation and cannot be rotated; it keeps growing
    std::optional<int> spill_failed;        ///< errno: the other directory has no room either
    std::string spill_why;                  ///< of `spill_failed`, as below
    std::string why;                        ///< of `failed` or `not_rotated`, for people; empty: what errno says
    std::string kept_index = {};            ///< where an index that could not be read was kept; the file has a new one
  };

  explicit log_sink(std::string path, std::chrono::milliseconds retry_after = std::chrono::seconds{1},
                    log_spec rules = {});

  /// Opens the file (created with the mode of the rules, missing directories with 0700); its index is opened with the
  /// first bytes.
  report open(moment now);

  /// How many of these bytes (at least one) belong in the current file; the rest has to wait for the next one. The file
  /// is rotated first if that is due. `told`: the result of that.
  [[nodiscard]] std::size_t portion(std::string_view bytes, moment now, report& told);

  /// Adds the bytes in the format of the rules; the index gets one record, and only when bytes were written. Never
  /// waits for a retry. `stage` hears of a write before it begins; what ends it is the caller's.
  report append(std::string_view chunk, moment now, log_stage* stage = nullptr);

  /// Gives these bytes up, and what follows them in their last line.
  void drop(std::string_view bytes);
  /// Somebody else has dealt with them.
  void note_delivered(std::size_t bytes) { bytes_written_ += bytes; }
  /// When it is worth to try again what was not taken.
  [[nodiscard]] steady_time retry_at() const { return next_try_ && !spill_ ? *next_try_ : busy_until_; }
  /// When what waits in the other directory should be tried; nothing waits: none.
  [[nodiscard]] std::optional<steady_time> write_back_at() const;
  /// Writes a portion of it, if it is time; `taken`: its bytes. `unsettled` hears of it.
  report write_back(moment now, unsettled_bytes* unsettled = nullptr);
  /// Bytes that wait there.
  [[nodiscard]] std::uint64_t spilled() const { return spill_ ? spill_->waiting() : 0; }
  /// Takes over what waits of another sink for the same path, which is about to go.
  void inherit(log_sink& from);
  /// Throws away what waits.
  void forget_spilled();
  /// Whether the next bytes belong to a line that has begun.
  [[nodiscard]] bool in_line() const { return spill_ && spill_->any() ? spill_->in_line() : raw_in_line_; }
  /// Who writes from now on.
  void set_writer(const log_author& who) { writer_ = who; }
  /// Whether it takes no more than whole lines, unless they are very long: it sends each of them.
  [[nodiscard]] bool sends_lines() const { return rules_.to == log_target::syslog || rules_.to == log_target::journal; }
  /// What its reader has no room for is given up at once, instead of being left to the caller for a moment.
  bool in_hurry = false;
  /// Called on a full disk by rules that give up the oldest first: makes room for so many bytes, and says whether it
  /// did.
  std::function<bool(const std::string& path, std::size_t bytes)> make_room;

  /// Ends a last line that has no end yet; while failing this is left to the recovery.
  report end_line(moment now);
  /// Says in the index that the output of a process has ended.
  void mark_end_of_run(moment now);

  /// Puts the file aside whatever its size, unless it is empty.
  report rotate_now(moment now);

  /// Opens the path again, after somebody moved the file or after what was in the way is gone; tries at once.
  report reopen(moment now);

  /// Which file it is, and its size. If they differ from what a reader has seen, there is something new. Zeros: there
  /// is nothing to read.
  [[nodiscard]] file_sight sight() const { return is_regular_ ? file_sight{inode_, size_} : file_sight{}; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t rotations() const { return rotations_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const log_spec& rules() const { return rules_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::uint64_t bytes_lost() const { return bytes_lost_; }
  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; } ///< line ends among the bytes lost

private:
  [[nodiscard]] int open_files();
  [[nodiscard]] int write_some(std::string_view& chunk);
  [[nodiscard]] std::string_view formatted(std::string_view chunk, os::file_time now);
  struct write_result {
    int number = 0;        ///< errno
    std::size_t taken = 0; ///< of the chunk, whole lines if at all possible
  };
  /// `begin` hears of a write to a regular file, and of how many bytes, before it begins.
  using write_begins = std::function<void(std::size_t)>;
  [[nodiscard]] write_result write_chunk(std::string_view chunk, moment now, const write_begins& begin);
  [[nodiscard]] std::size_t portion_of_file(std::string_view bytes, moment now, report& told);
  [[nodiscard]] int write_piece_back(const log_spill::piece& piece, moment now, report& told,
                                     unsettled_bytes* unsettled);
  void put_aside(std::string_view rest, moment now, log_stage* stage, report& told);
  [[nodiscard]] int connect();
  [[nodiscard]] int send_datagram();
  [[nodiscard]] write_result send_lines(std::string_view chunk, moment now);
  [[nodiscard]] std::size_t take_back(std::string_view chunk, std::size_t written);
  [[nodiscard]] std::optional<int> rotate(moment now);
  void begin_period(os::file_time began);
  [[nodiscard]] std::chrono::seconds utc_offset_at(os::file_time at) const;
  void add_to_index(std::uint64_t offset, moment now, wire::log_origin who, std::uint64_t mark = 0);
  report fail(int number, std::string_view lost, moment now);

  std::string path_;
  log_author writer_;
  std::chrono::milliseconds retry_after_;
  log_spec rules_;
  log_access access_;
  log_index_writer index_;
  unique_fd file_;
  std::string refusal_; ///< why the path was not opened, or the file not rotated, the last time
  std::uint64_t size_ = 0;
  bool is_regular_ = false;
  std::uint64_t inode_ = 0;
  bool in_line_ = false;                ///< the last byte written was not a line end
  bool raw_in_line_ = false;            ///< the same of what the service wrote, whatever the format
  bool lost_in_line_ = false;           ///< the same of what was lost: the rest of that line is lost too
  std::string buffer_;                  ///< of formatted text
  std::optional<steady_time> next_try_; ///< failing
  steady_time busy_until_{};            ///< a socket had no room
  std::optional<steady_time> busy_since_;
  std::uint64_t lost_this_time_ = 0;
  std::optional<log_spill> spill_;          ///< by the rules, or as long as something waits there
  bool owes_line_end_ = false;              ///< the rest of the line that was kept last is lost
  bool spill_told_ = false;                 ///< that it has no room
  std::optional<os::file_time> period_end_; ///< none: it has none, or nothing was written yet
  std::optional<steady_time> next_rotation_try_;
  wire::archive_time last_rotation_{};
  std::uint64_t rotations_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t bytes_lost_ = 0;
  std::uint64_t lines_lost_ = 0;
};

} // namespace alder::logs
