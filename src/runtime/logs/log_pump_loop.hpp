// Inside the log pump: its thread, the queue of what it is asked for, and the streams it serves.
#pragma once

#include "runtime/logs/log_press.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/logs/log_sink.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <sys/epoll.h>

namespace alder::logs {

namespace log_command {
struct open {
  stream_id stream;
  std::string path;
  log_spec rules;
  std::vector<std::string> siblings;
  log_author author;
};
struct attach {
  stream_id stream;
  alder::generation generation;
  unique_fd pipe;
  std::shared_ptr<awaited_line> awaited;
  unique_fd terminal;
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
  std::optional<file_sight> seen; ///< none: stop watching
  std::optional<file_sight> known;
};
struct answer {
  stream_id stream;
  std::uint64_t number;
};
struct stop {};
using any = std::variant<open, attach, finish, reopen, rotate, clear, close, watch, answer, stop>;
} // namespace log_command

/// In a pipe.
[[nodiscard]] std::size_t bytes_waiting(int fd);

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
  [[nodiscard]] std::uint64_t settled(const os::file_facts& file) const { return stage_.unsettled()->settled(file); }

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t turn_bytes = std::size_t{256} * 1024; ///< of one stream before the next has its turn
  static constexpr std::size_t searched_turn_bytes = std::size_t{16} * 1024; ///< while a line is searched for in it
  static log_sink::moment now() { return {std::chrono::system_clock::now(), clock::now()}; }

  /// The read end of one process's output.
  struct source {
    alder::generation generation = 0;
    unique_fd pipe;
    unique_fd terminal; ///< whose output goes into the pipe; none, or nobody has it open any more
    unique_fd feed;     ///< the pipe's other end, while there is a terminal
    std::size_t capacity = 0;
    bool is_large = false;
    bool is_polled = false;
    bool has_ended = false;            ///< end of file was read, or it cannot be read
    bool is_finished = false;          ///< its process is gone
    std::optional<std::size_t> held;   ///< bytes that wait for the rest of their line; it is polled for more than that
    std::optional<std::size_t> left;   ///< bytes still to read once finished; none: not looked yet
    std::optional<line_search> search; ///< for the line that says that the process is ready
  };
  /// A file, and the streams that write to it.
  struct outlet {
    explicit outlet(log_sink to) : sink(std::move(to)) {}
    log_sink sink;
    log_tally counted; ///< of the sink, the last time
    std::vector<stream_id> users;
    std::optional<stream_id> line; ///< whose line has begun and not ended
    clock::time_point line_at{};   ///< when it was written to last
  };
  /// Lines that its actor has not answered.
  struct offer {
    std::uint64_t number = 0;
    clock::time_point at{};
    std::shared_ptr<const std::string> lines;
    bool in_pipe = true;    ///< else its actor takes too long: what comes meanwhile is lost
    std::uint64_t lost = 0; ///< bytes, meanwhile
  };
  /// Only the first source is read; the others wait for it to be drained.
  struct stream {
    stream_id id = 0;
    std::shared_ptr<outlet> to;
    log_author who;
    std::vector<std::string> siblings; ///< all output files of its service
    std::deque<source> sources;
    std::optional<offer> offered; ///< of the first source
    std::uint64_t last_offer = 0;
    bool lost_in_line = false; ///< what was given up last ended inside a line
    bool is_closing = false;
    std::optional<file_sight> watched_from;
    std::optional<file_sight> known_to_watcher;     ///< and of no use to it
    clock::time_point held_until{};                 ///< what is held in its pipe is looked at then
    std::chrono::milliseconds held_for{};           ///< after it was looked at last
    std::optional<clock::time_point> blocked_until; ///< its file cannot be written, or it is too fast
    double lines_allowed = 0;                       ///< at this moment, by its rate
    clock::time_point counted_at{};                 ///< when that was
    std::optional<clock::time_point> limit_told;
    std::chrono::microseconds delay; ///< how long to let its pipe fill
    clock::time_point read_at{};     ///< the last time
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
  void on(log_command::answer& c);
  void on(log_command::stop& c);

  enum class served { was_read, is_filling };
  [[nodiscard]] served serve(const epoll_event& event, clock::time_point at);
  void serve_draining();
  void nap();
  void read_turn(stream& s);
  [[nodiscard]] bool read_chunk(stream& s, source& from, std::size_t& budget);
  void take(stream& s, source& from, std::string_view bytes);
  [[nodiscard]] std::size_t whole_characters(stream& s, source& from, std::string_view seen, std::size_t portion);
  [[nodiscard]] bool offer_chunk(stream& s, source& from, std::size_t& budget);
  [[nodiscard]] bool await_answer(stream& s, source& from, std::size_t& budget);
  [[nodiscard]] bool lose_chunk(stream& s, source& from, std::size_t& budget);
  void take_offered(stream& s, source& from);
  void withdraw(stream& s);
  void adapt(stream& s, source& from, std::size_t queued);
  void let_flow(stream& s);
  void end_source(stream& s);
  void poll(stream& s, source& from);
  void stop_polling(source& from);
  void fill(stream& s, source& from);
  [[nodiscard]] std::string_view look(stream& s, source& from, std::size_t want);
  [[nodiscard]] std::size_t within_rate(stream& s, std::string_view bytes);
  void block(stream& s, clock::time_point until);
  [[nodiscard]] bool switch_outlet(stream& s, const std::string& path, const log_spec& rules);
  void leave(stream& s);
  void forget(stream_id id);
  [[nodiscard]] std::size_t shared_portion(stream& s, source& from, std::string_view bytes);
  void hold(stream& s, source& from, std::size_t bytes);
  void look_at_held();
  [[nodiscard]] bool wait_for_line(stream& s);
  void note_line(stream& s, std::string_view bytes);
  void release_line(outlet& to);
  [[nodiscard]] bool ends_run(const stream& s, alder::generation of) const;
  void unblock();
  void look_at_spill(const stream& s);
  void write_back();
  void write_back(stream& s);
  void write_back_all(stream& s);
  [[nodiscard]] int patience() const;
  void report(stream& s, const log_sink::report& r);
  void count(stream& s);
  void after_rotation(stream& s);
  void look_after(const stream& s);
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
  std::unordered_set<stream_id> held_; ///< streams with a line that waits for its end in the pipe
  std::unordered_map<std::string, std::weak_ptr<outlet>> outlets_; ///< by path, of those that can be shared
  std::unordered_set<stream_id> spilled_; ///< streams with output that waits in another directory
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

} // namespace alder::logs
