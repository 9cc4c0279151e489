// Inside the log pump: its thread, the queue of what it is asked for, and the streams it serves.
#pragma once

#include "runtime/os/log_press.hpp"
#include "runtime/os/log_pump.hpp"
#include "runtime/os/log_sink.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <sys/epoll.h>

namespace alder::os {

namespace log_command {
struct open {
  stream_id stream;
  std::string path;
  log_spec rules;
  std::vector<std::string> siblings;
};
struct attach {
  stream_id stream;
  alder::generation generation;
  unique_fd pipe;
};
struct finish {
  stream_id stream;
  alder::generation generation;
};
struct reopen {
  stream_id stream;
};
struct rotate {
  stream_id stream;
};
struct clear {
  stream_id stream;
};
struct close {
  stream_id stream;
};
struct watch {
  stream_id stream;
  std::optional<std::uint64_t> seen; ///< none: stop watching
};
struct stop {};
using any = std::variant<open, attach, finish, reopen, rotate, clear, close, watch, stop>;
} // namespace log_command

class log_pump_loop {
public:
  log_pump_loop(log_pump::notify tell, log_pump_settings settings, log_stage stage);
  ~log_pump_loop();
  log_pump_loop(const log_pump_loop&) = delete;
  log_pump_loop& operator=(const log_pump_loop&) = delete;

  outcome start();
  void push(log_command::any command);
  [[nodiscard]] log_pump_counters counters() const;
  [[nodiscard]] log_tally tally(stream_id id) const;

private:
  using clock = std::chrono::steady_clock;

  /// The read end of one process's output.
  struct source {
    alder::generation generation = 0;
    unique_fd pipe;
    std::size_t capacity = 0;
    bool is_large = false;
    bool is_polled = false;
    bool has_ended = false;          ///< end of file was read, or it cannot be read
    bool is_finished = false;        ///< its process is gone
    std::optional<std::size_t> left; ///< bytes still to read once finished; none: not looked yet
  };
  /// Only the first source is read; the others wait for it to be drained.
  struct stream {
    stream_id id = 0;
    log_sink sink;
    std::vector<std::string> siblings; ///< all output files of its service
    std::deque<source> sources;
    bool is_closing = false;
    std::optional<std::uint64_t> watched_from;
    std::optional<clock::time_point> blocked_until; ///< its file cannot be written, or it is too fast
    double lines_allowed = 0;                       ///< at this moment, by its rate
    clock::time_point counted_at{};                 ///< when that was
    std::optional<clock::time_point> limit_told;
    log_tally counted;               ///< of the sink, the last time
    std::chrono::microseconds delay; ///< how long to let its pipe fill
  };

  void run();
  void take_commands();
  void on(log_command::open& c);
  void on(log_command::attach& c);
  void on(log_command::finish& c);
  void on(log_command::reopen& c);
  void on(log_command::rotate& c);
  void on(log_command::clear& c);
  void on(log_command::close& c);
  void on(log_command::watch& c);
  void on(log_command::stop& c);

  enum class served { was_read, is_filling };
  [[nodiscard]] served serve(const epoll_event& event, clock::time_point at);
  void serve_draining();
  void nap();
  void read_turn(stream& s);
  [[nodiscard]] bool read_chunk(stream& s, source& from, std::size_t& budget);
  void adapt(stream& s, source& from, std::size_t queued);
  void let_flow(stream& s);
  void end_source(stream& s);
  void poll(stream& s, source& from);
  void stop_polling(source& from);
  [[nodiscard]] std::size_t within_rate(stream& s, std::string_view bytes);
  void block(stream& s, clock::time_point until);
  void unblock();
  [[nodiscard]] int patience() const;
  void report(stream& s, const log_sink::report& r);
  void count(stream& s);
  void after_rotation(stream& s);
  void check_watch(stream& s);
  stream* find(stream_id id);

  log_pump::notify tell_;
  log_pump_settings settings_;
  unique_fd epoll_;
  unique_fd bell_; ///< eventfd: there are commands

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<log_command::any> queue_;
  std::unordered_map<stream_id, log_tally> tallies_; ///< of streams that have something to tell

  // The thread's own.
  std::unordered_map<stream_id, stream> streams_;
  std::unordered_set<stream_id> draining_; ///< streams whose first source is finished
  std::unordered_set<stream_id> blocked_;
  log_stage stage_;
  log_press press_;
  std::optional<clock::time_point> fill_until_; ///< pipes are filling; all of them are read then
  std::size_t large_pipes_ = 0;
  bool stopping_ = false;

  std::atomic<std::uint64_t> bytes_written_{0};
  std::atomic<std::uint64_t> bytes_lost_{0};
  std::atomic<std::uint64_t> lines_lost_{0};
  std::atomic<std::uint64_t> chunks_{0};
  std::atomic<std::uint64_t> wakeups_{0};

  std::thread thread_;
};

} // namespace alder::os
