// The streams that the log pump serves and the files they write to: who is there, who shares a file with whom, and
// whose line has begun in it.
#pragma once

#include "runtime/base/line_search.hpp"
#include "runtime/logs/file_sight.hpp"
#include "runtime/logs/log_author.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/logs/log_sink.hpp"
#include "runtime/logs/output_pipe.hpp"
#include "runtime/policy/line_rate.hpp"
#include "runtime/policy/reading_pace.hpp"
#include "runtime/policy/shared_lines.hpp"

#include "alder/cause.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alder::logs {

using pump_time = std::chrono::steady_clock::time_point;

/// The output of one process.
struct log_source {
  log_source(alder::generation of, unique_fd from) : generation(of), pipe(std::move(from)) {}

  /// Looks for the line that says that the process is ready; true once, when it is there.
  [[nodiscard]] bool finds_in(std::string_view bytes);

  alder::generation generation;
  output_pipe pipe;
  bool is_large = false;
  bool has_ended = false;            ///< end of file was read, or it cannot be read
  bool is_finished = false;          ///< its process is gone
  std::optional<std::size_t> left;   ///< bytes still to read once finished; none: not looked yet
  std::optional<line_search> search; ///< for that line
};

/// A file, and the streams that write to it.
struct log_outlet {
  explicit log_outlet(log_sink to) : sink(std::move(to)) {}

  log_sink sink;
  log_tally counted; ///< of the sink, the last time
  std::vector<stream_id> users;
  std::optional<stream_id> line; ///< whose line has begun and not ended
  pump_time line_at{};           ///< when it was written to last
};

/// Lines that an actor has not answered.
struct log_offer {
  std::uint64_t number = 0;
  pump_time at{};
  std::shared_ptr<const std::string> lines;
  bool in_pipe = true;    ///< else its actor takes too long: what comes meanwhile is lost
  std::uint64_t lost = 0; ///< bytes, meanwhile
};

/// Only the first source is read; the others wait for it to be drained.
struct log_stream {
  stream_id id = 0;
  std::shared_ptr<log_outlet> to;
  log_author who;
  std::vector<std::string> siblings; ///< all output files of its service
  std::deque<log_source> sources;
  std::optional<log_offer> offered; ///< of the first source
  std::uint64_t last_offer = 0;
  bool lost_in_line = false; ///< what was given up last ended inside a line
  bool is_closing = false;
  std::optional<file_sight> watched_from;
  std::optional<file_sight> known_to_watcher; ///< and of no use to it
  pump_time held_until{};                     ///< what is held in its pipe is looked at then
  std::chrono::milliseconds held_for{};       ///< after it was looked at last
  std::optional<pump_time> blocked_until;     ///< its file cannot be written, or it is too fast
  policy::line_rate rate;
  policy::reading_pace pace;
};

/// Not for use by two threads at once.
class stream_table {
public:
  /// Null: there is none.
  [[nodiscard]] log_stream* find(stream_id id);
  [[nodiscard]] const log_stream* find(stream_id id) const;
  /// Adds one that is not there; it stays where it is until it is erased.
  log_stream& add(stream_id id, policy::reading_pace pace);
  void erase(stream_id id) { streams_.erase(id); }

  /// The file at this path that another may write to, too; null: there is none.
  [[nodiscard]] std::shared_ptr<log_outlet> shared_at(const std::string& path) const;
  /// The stream, which writes nowhere, writes there from now on; `is_shared`: others may join it.
  void join(log_stream& s, std::shared_ptr<log_outlet> to, bool is_shared);
  /// It writes nowhere any more. Returns who else writes to that file, if anybody does.
  std::optional<stream_id> leave(log_stream& s, pump_time now);

  /// Whose line has begun in the stream's file, seen from it.
  [[nodiscard]] static policy::open_line line_seen_by(const log_stream& s);
  /// These bytes of the stream were written to its file, or given up.
  void note_line(log_stream& s, std::string_view bytes, pump_time now);
  /// The line in this file has ended, or is given up: the streams that wait for it resume.
  void release_line(log_outlet& to, pump_time now);
  /// Whether this is the last of the process's streams into its file, so that its run ends here.
  [[nodiscard]] bool ends_run(const log_stream& s, alder::generation of) const;

private:
  std::unordered_map<stream_id, log_stream> streams_;
  std::unordered_map<std::string, std::weak_ptr<log_outlet>> outlets_; ///< by path, of those that can be shared
};

} // namespace alder::logs
