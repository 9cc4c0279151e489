// Inside the log pump: its thread, which serves the streams in turns.
#pragma once

#include "runtime/logs/log_press.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/logs/log_queue.hpp"
#include "runtime/logs/log_sink.hpp"
#include "runtime/logs/log_stage.hpp"
#include "runtime/logs/log_totals.hpp"
#include "runtime/logs/stream_table.hpp"
#include "runtime/policy/reading_pace.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include <sys/epoll.h>

namespace alder::logs {

class log_pump_loop {
public:
  log_pump_loop(log_pump::notify tell, log_pump_settings settings, log_stage stage);
  ~log_pump_loop();
  log_pump_loop(const log_pump_loop&) = delete;
  log_pump_loop& operator=(const log_pump_loop&) = delete;

  outcome start();
  void push(log_command::any command) { queue_.push(std::move(command), thread_.get_id()); }
  [[nodiscard]] const log_totals& totals() const { return totals_; }
  [[nodiscard]] std::uint64_t settled(const os::file_facts& file) const { return stage_.unsettled()->settled(file); }

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t turn_bytes = std::size_t{256} * 1024; ///< of one stream before the next has its turn
  static constexpr std::size_t searched_turn_bytes = std::size_t{16} * 1024; ///< while a line is searched for in it
  static log_sink::moment now() { return {std::chrono::system_clock::now(), clock::now()}; }

  void run();
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
  void read_turn(log_stream& s);
  [[nodiscard]] bool read_chunk(log_stream& s, log_source& from, std::size_t& budget);
  void take(log_stream& s, log_source& from, std::string_view bytes);
  [[nodiscard]] bool offer_chunk(log_stream& s, log_source& from, std::size_t& budget);
  [[nodiscard]] bool await_answer(log_stream& s, log_source& from, std::size_t& budget);
  [[nodiscard]] bool lose_chunk(log_stream& s, log_source& from, std::size_t& budget);
  void take_offered(log_stream& s, log_source& from);
  void withdraw(log_stream& s);
  void adapt(log_stream& s, log_source& from, const policy::pipe_fill& seen, clock::time_point at);
  void let_flow(log_stream& s);
  void end_source(log_stream& s);
  void tell_refused(const log_stream& s, int number);
  [[nodiscard]] std::string_view look(log_stream& s, log_source& from, std::size_t want);
  [[nodiscard]] std::size_t within_rate(log_stream& s, std::string_view bytes);
  void block(log_stream& s, clock::time_point until);
  [[nodiscard]] bool switch_outlet(log_stream& s, const std::string& path, const log_spec& rules);
  void leave(log_stream& s);
  void forget(stream_id id);
  [[nodiscard]] std::size_t portion_of(log_stream& s, log_source& from, std::string_view seen);
  void hold(log_stream& s, log_source& from, std::size_t bytes);
  void look_at_held();
  [[nodiscard]] bool wait_for_line(log_stream& s);
  void unblock();
  void look_at_spill(const log_stream& s);
  void write_back();
  void write_back(log_stream& s);
  void write_back_all(log_stream& s);
  [[nodiscard]] int patience() const;
  void report(log_stream& s, const log_sink::report& r);
  void count(log_stream& s);
  void after_rotation(log_stream& s);
  void look_after(const log_stream& s);
  void check_watch(log_stream& s);

  log_pump::notify tell_;
  log_pump_settings settings_;
  unique_fd epoll_;
  log_queue queue_;
  log_totals totals_;

  // The thread's own.
  stream_table streams_;
  std::unordered_set<stream_id> draining_; ///< streams whose first source is finished
  std::unordered_set<stream_id> blocked_;
  std::unordered_set<stream_id> held_;    ///< streams with a line that waits for its end in the pipe
  std::unordered_set<stream_id> spilled_; ///< streams with output that waits in another directory
  log_stage stage_;
  log_press press_;
  std::optional<clock::time_point> fill_until_; ///< pipes are filling; all of them are read then
  std::size_t large_pipes_ = 0;
  bool stopping_ = false;

  std::thread thread_;
};

} // namespace alder::logs
