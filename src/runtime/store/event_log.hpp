// The events of a home on disk: one JSON object a line in events.jsonl, the older ones in events.jsonl.1.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"
#include "alder/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alder::store {

/// Not for use by two threads at once, nor by two processes on the same directory.
class event_log {
public:
  /// Bytes of events.jsonl, after which it becomes events.jsonl.1.
  static constexpr std::uint64_t usual_limit = 4 * 1024 * 1024;

  /// Opens or begins the log in `directory` (mode 0700, created when missing). A file that cannot be read, or that
  /// holds anything but events, is kept beside as it was, and goes on with the events that could be read: problems()
  /// says so. `limit`: bytes before rotation. Errors: denied, io; the caller goes on without: a default-constructed log
  /// counts but keeps nothing.
  [[nodiscard]] static result<event_log> open(const std::string& directory, std::size_t most_recent = 1000,
                                              std::uint64_t limit = usual_limit);
  event_log() = default;

  /// The last events there were at `open`, oldest first, at most `most_recent`.
  [[nodiscard]] const std::vector<event>& recent() const { return recent_; }

  /// What was wrong with the files at `open`, for people.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  /// The number the next event gets: one more than the last, also over restarts. A seam of tests: append() gives it.
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }

  /// Gives the event its number and writes it with one write. The number counts even when writing fails, and a part of
  /// a line that was written is taken back before the next one. Errors: unavailable (nothing is open), denied, io (disk
  /// full).
  outcome append(event& e);

private:
  [[nodiscard]] outcome load(std::size_t most_recent);
  [[nodiscard]] outcome load_current(std::vector<event>& events, std::size_t most);
  void load_older(std::vector<event>& events, std::size_t most);
  [[nodiscard]] outcome open_current();
  outcome set_aside(const std::string& path, const std::string& problem);
  [[nodiscard]] outcome rotate();

  std::string path_;
  unique_fd fd_;
  std::uint64_t limit_ = usual_limit;
  std::uint64_t size_ = 0; ///< bytes of whole lines
  bool is_torn_ = false;   ///< there may be more behind them
  std::uint64_t next_seq_ = 1;
  std::vector<event> recent_;
  std::vector<std::string> problems_;
};

} // namespace alder::store
