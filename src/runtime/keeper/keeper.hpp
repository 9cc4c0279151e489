// The keeper itself: parent, subreaper and memory of every service, and of the daemon, which it starts again when it
// dies.
//
// Daemon      event                   then
// absent      start is due            started, epoch + 1
// silent      hello                   attached: welcome, inventory
// silent      anything else           broken
// attached    a frame                 carried out
// attached    garbage, closed         broken: SIGKILL
// any         it ended                absent; started again at once or after a delay (respawn.hpp)
// attached    shutdown                everything is killed, the keeper ends
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/keeper/options.hpp"
#include "runtime/os/log_stage.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <sys/resource.h>

namespace alder::keeper {

/// Writes one line ("ready", "busy", "error: …") for whoever started the keeper and closes the descriptor; later calls
/// do nothing.
void report(unique_fd& ready, const std::string& line);

class keeper {
public:
  /// `signals` from os::take_signals(); `file_limit` is what services get; `ready` may be invalid.
  keeper(options o, unique_fd signals, rlimit file_limit, unique_fd ready);

  /// Serves until the end. Returns the exit status: 0 after an orderly shutdown, 1 when the first daemon could not
  /// start or everything had to be killed.
  int run();

private:
  using key = std::pair<node_id, generation>;
  using steady = std::chrono::steady_clock;

  /// A main process, until its exit is acknowledged.
  struct record {
    int pid = 0;
    /// By wire::descriptor; those it has not are invalid.
    std::array<unique_fd, wire::descriptor_kinds> fds;
    std::int64_t started_ms = 0;
    std::string note;
    std::optional<exit_status> exited;

    [[nodiscard]] int pidfd() const { return fds[static_cast<std::size_t>(wire::descriptor::pidfd)].get(); }
    [[nodiscard]] wire::descriptor_set held() const;
  };
  /// A frame on its way to the daemon; with `fds_of`, the descriptors of that record go along, with `has_stage` those
  /// of the staging of output.
  struct outgoing {
    std::string bytes;
    std::optional<key> fds_of;
    bool has_stage = false;
    bool is_reaped_notice = false;
  };
  enum class contact : std::uint8_t { absent, silent, attached, broken };

  /// While this many frames wait for the daemon nothing is read from it: it asks more slowly then.
  static constexpr std::size_t max_unread = 256;
  /// Notices of reaped orphans only wake the daemon up, so those beyond are dropped.
  static constexpr std::size_t max_reaped_notices = 1024;
  static constexpr std::size_t max_children = 65536;

  // One turn of the loop.
  void wait_and_handle();
  [[nodiscard]] int wait_ms() const;
  void handle_signals();
  void handle_deadlines();
  void reap_children();
  /// Reads at most `limit` frames.
  void read_channel(int limit);
  void flush();

  // The daemon's life.
  void start_daemon();
  void daemon_ended(const os::ended_child& how);
  void daemon_did_not_start(const std::string& why);
  /// Decides whether and when the daemon is started again; `why` is for whoever waits for the first start.
  void plan_next_start(const std::string& why);
  void break_contact(const std::string& why);
  void close_channel();

  // Its frames.
  void handle(const wire::to_keeper& frame);
  void on(const wire::hello_frame& frame);
  void on(const wire::ready_frame& frame);
  void on(const wire::failed_frame& frame);
  void on(const wire::spawn_frame& frame);
  void on(const wire::note_frame& frame);
  void on(const wire::acknowledge_frame& frame);
  void on(const wire::shutdown_frame& frame);
  void send(const wire::to_daemon& frame, std::optional<key> fds_of = std::nullopt);

  // The end.
  void on_stop_signal(int signal);
  void kill_everything();
  /// Kills all descendants but the daemon `spared` (0: none) and what is below it, for at most 10 s.
  void kill_descendants(int spared);
  /// Reaps, and forgets the daemon when it is among them; nobody is told.
  void reap_quietly();
  void wait_for_signal(std::chrono::milliseconds longest);

  options options_;
  unique_fd signals_;
  rlimit file_limit_;
  unique_fd ready_;
  os::log_stage_files stage_; ///< what a daemon has under way with output; for its successor
  std::uint64_t start_ticks_ = 0;
  std::int64_t started_ms_ = 0;

  std::map<key, record> children_;
  std::map<int, key> running_; ///< by pid

  contact contact_ = contact::absent;
  int daemon_pid_ = 0; ///< 0: none
  unique_fd daemon_pidfd_;
  unique_fd channel_;
  steady::time_point daemon_started_{};
  std::uint32_t epoch_ = 0;
  bool was_ready_ = false; ///< some daemon was
  unsigned short_lives_ = 0;
  std::optional<steady::time_point> start_due_;
  std::deque<outgoing> outgoing_;
  std::size_t reaped_notices_ = 0; ///< among outgoing_

  int stop_signal_ = 0; ///< 0: nobody asked to stop
  std::optional<steady::time_point> stop_due_;
  std::optional<int> exit_code_; ///< set: the loop ends
};

} // namespace alder::keeper
