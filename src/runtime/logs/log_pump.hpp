// The one thread that moves the services' output from their pipes to files, so that bytes never travel in messages and
// never delay a restart. It sleeps while nobody writes.
#pragma once

#include "runtime/base/line_search.hpp"
#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/file_sight.hpp"
#include "runtime/logs/log_author.hpp"
#include "runtime/logs/log_stage.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/log_spec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace alder::logs {

/// What comes from the pipes of one stream of a service, of the owner's choosing.
using stream_id = std::uint64_t;

/// The process's output is in the file, and its pipe is closed. Answers every `finish`; sent also when the next
/// generation or a `close` made an end of it, so it may come twice.
struct log_drained {
  stream_id stream = 0;
  alder::generation generation = 0;
  bool operator==(const log_drained&) const = default;
};
/// The file cannot be written; the pump keeps trying. By the stream's rules bytes are lost from now on, wait in
/// another directory, or hold up the service when its pipe is full.
struct log_failed {
  stream_id stream = 0;
  int os_errno = 0;
  bool is_spill = false; ///< that other directory cannot be written either, or is full: bytes are lost from now on
  std::string why = {};  ///< for people; empty: what errno says
  bool operator==(const log_failed&) const = default;
};
/// The stream is written again.
struct log_recovered {
  stream_id stream = 0;
  std::uint64_t bytes_lost = 0; ///< since `log_failed`
  bool operator==(const log_recovered&) const = default;
};
/// The file has changed since `watch` was called. Sent once, until the next `watch`.
struct log_grown {
  stream_id stream = 0;
  file_sight now = {};
  bool operator==(const log_grown& other) const { return stream == other.stream; }
};
/// The stream's file is due for rotation and cannot be rotated: it keeps growing, and the pump keeps trying.
struct log_not_rotated {
  stream_id stream = 0;
  int os_errno = 0;
  std::string why = {}; ///< for people; empty: what errno says
  bool operator==(const log_not_rotated&) const = default;
};
/// The index beside the stream's file could not be read and was kept under this name; the file has a new one.
struct log_index_kept {
  std::string path;
  bool operator==(const log_index_kept&) const = default;
};
/// The stream has more lines than its rules allow, and lines are being lost; not told again within a minute.
struct log_limited {
  stream_id stream = 0;
  bool operator==(const log_limited&) const = default;
};
/// The line that this process was to write is there. Once for all streams that look for it.
struct log_line_found {
  stream_id stream = 0;
  alder::generation generation = 0;
  bool operator==(const log_line_found&) const = default;
};
/// Lines for the stream's actor, whose turn it is to `answer`. They stay in the pipe until then, unless the actor takes
/// too long, and no more are offered.
struct log_offered {
  stream_id stream = 0;
  std::uint64_t number = 0; ///< of this offer: for its answer
  bool err = false;
  std::chrono::system_clock::time_point at; ///< when they were read
  std::shared_ptr<const std::string> lines; ///< at most `most_offered` bytes; see the log_batch of extensions
  bool operator==(const log_offered&) const = default;
};
inline constexpr std::size_t most_offered = std::size_t{64} * 1024;
using log_notice = std::variant<log_drained, log_failed, log_recovered, log_grown, log_not_rotated, log_limited,
                                log_line_found, log_offered, log_index_kept>;

struct log_pump_settings {
  std::chrono::microseconds coalesce{1000};    ///< how long a nearly empty pipe may fill before it is read
  std::chrono::milliseconds retry_after{1000}; ///< between two tries to write to a file that refused
};

/// Since the start, over all streams.
struct log_pump_counters {
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_lost = 0;
  std::uint64_t lines_lost = 0;
  std::uint64_t chunks = 0;  ///< reads that brought something
  std::uint64_t wakeups = 0; ///< times the thread woke up
};

/// Of one stream, since it was opened first.
struct log_tally {
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_lost = 0;
  std::uint64_t lines_lost = 0;
  std::uint64_t rotations = 0;
  std::uint64_t spilled = 0; ///< bytes that wait in another directory at the moment
};

class log_pump_loop;

/// All calls may come from any thread, return at once and take effect in the order given. At most 65536 may be waiting:
/// the next one then waits for room, but for those made inside `notify`. What concerns an unknown stream is ignored,
/// but for `finish`.
class log_pump {
public:
  /// Called on the pump's thread: it hands the notice on, neither blocks nor throws.
  using notify = std::function<void(const log_notice&)>;

  /// What a former pump had under way (`staged`, see log_stage.hpp) is brought to its end first; `pipes` are all those
  /// that will be attached for processes which it served. Errors: io (no descriptors left).
  [[nodiscard]] static result<std::unique_ptr<log_pump>>
  start(notify tell, log_pump_settings settings = {}, os::log_stage_files staged = {}, std::span<const int> pipes = {});

  /// Carries out what was asked for, drains what was finished, and ends. Pipes not finished are closed unread.
  ~log_pump();
  log_pump(const log_pump&) = delete;
  log_pump& operator=(const log_pump&) = delete;

  /// Lets the stream write to `path` by these rules; missing directories are created with mode 0700. An open stream
  /// moves there; nothing changes when it is there already. `siblings`: all output files of the same service. Streams
  /// with the same path share the file, line by line, by the rules of the last that was opened; `author` tells them
  /// apart in its index.
  void open(stream_id stream, std::string path, log_spec rules = {}, std::vector<std::string> siblings = {},
            log_author author = {});

  /// Output of the process `generation` comes from `pipe` from now on. One process after the other: what an older one
  /// has left in its pipe is written first, its last line ended, and `log_drained` sent for it. `awaited`: a line to
  /// look for (`log_line_found`), also when it is lost on its way to the file; null: none. `terminal`: our side of the
  /// process's pseudo-terminal; what it shows is moved into the pipe, to which nobody else writes, and read from there.
  void attach(stream_id stream, generation of, unique_fd pipe, std::shared_ptr<awaited_line> awaited = nullptr,
              unique_fd terminal = {});

  /// The process is gone: writes what is in its pipe at this moment, ends a last line without an end, closes the pipe,
  /// sends `log_drained` (at once if that generation is not attached).
  void finish(stream_id stream, generation of);

  /// Opens the file's path again, after it was renamed.
  void reopen(stream_id stream);

  /// Puts the file aside now, unless it is empty.
  void rotate(stream_id stream);
  /// What was offered is dealt with: it leaves the pipe, and more may be offered. Any other number is ignored.
  void answer(stream_id stream, std::uint64_t number);
  /// Empties the file and its index, and deletes its archives.
  void clear(stream_id stream);

  /// Finishes what is attached, then closes the file and forgets the stream.
  void close(stream_id stream);

  /// Asks for one `log_grown`, as soon as there is another file than `seen`, or its size is another. `known`: what was
  /// told last, when it led to nothing that could be read; it is not told again.
  void watch(stream_id stream, file_sight seen, std::optional<file_sight> known = {});
  void unwatch(stream_id stream);

  [[nodiscard]] log_pump_counters counters() const;
  [[nodiscard]] log_tally tally(stream_id stream) const;
  /// How many of an output file's bytes a reader may be shown: those behind them might be taken back. The facts are
  /// asked for first.
  [[nodiscard]] std::uint64_t settled(const os::file_facts& file) const;

private:
  explicit log_pump(std::unique_ptr<log_pump_loop> loop);
  std::unique_ptr<log_pump_loop> loop_;
};

} // namespace alder::logs
