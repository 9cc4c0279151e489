// How soon a pipe with output is read. A line is there at once, unless lines come faster than a reader should be woken
// for each of them: then a nearly empty pipe may fill a little. A service must not be held up by a full one.
#pragma once

#include <chrono>
#include <cstddef>

namespace alder::policy {

/// A pipe, at this moment.
struct pipe_fill {
  std::size_t queued = 0; ///< bytes
  std::size_t capacity = 0;
  bool is_over = false; ///< nobody writes to it any more
};

/// Of one stream.
class reading_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `usual`: how long a pipe may fill.
  explicit reading_pace(std::chrono::microseconds usual = {}) : usual_(usual), delay_(usual) {}

  /// Another process writes.
  void begin_anew() {
    delay_ = usual_;
    in_a_row_ = 0;
  }
  /// Until when a pipe that has something at this moment may fill.
  [[nodiscard]] time_point fills_until(time_point now) const { return now + delay_; }
  /// Whether it had better fill until then.
  [[nodiscard]] bool lets_fill(const pipe_fill& pipe, time_point now, time_point until) const;
  /// It is read at this moment. True: it holds its service up, and should be a larger one; if that cannot be, it is to
  /// be `read_sooner`.
  [[nodiscard]] bool note_read(const pipe_fill& pipe, time_point now);
  void read_sooner();

private:
  std::chrono::microseconds usual_;
  std::chrono::microseconds delay_;
  time_point read_at_{}; ///< the last time
  int in_a_row_ = 0;     ///< reads that came soon after the one before
};

} // namespace alder::policy
