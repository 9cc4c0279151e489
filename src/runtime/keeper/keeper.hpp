// The keeper itself: parent, subreaper and memory of every service, and of the daemon, which it starts again when it
// dies.
//
// Daemon      event                   then
// absent      start is due            started, epoch + 1
// silent      hello                   attached: welcome, inventory
// silent      anything else           broken
// silent      no hello                broken: SIGKILL (keeper_watch.cpp)
// attached    a frame                 carried out
// attached    garbage, closed         broken: SIGKILL
// attached    no sign of life         broken: SIGKILL (keeper_watch.cpp)
// attached    upgrade                 SIGKILL, then exec of the new keeper (keeper_handover.cpp)
// any         it ended                absent; started again at once or after a delay (respawn.hpp)
// attached    shutdown                everything is killed, the keeper ends
#pragma once

#include "runtime/base/holdings.hpp"
#include "runtime/keeper/options.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/log_stage_files.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/pidfd_watch.hpp"
#include "runtime/os/reparented.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/wire/keeper_protocol.hpp"
#include "runtime/wire/keeper_state.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <sys/resource.h>

namespace alder::keeper {

/// Writes one line ("ready", "busy", "error: …") for the process that started the keeper and closes the descriptor.
/// Later calls do nothing.
void report(unique_fd& ready, const std::string& line);

class keeper {
public:
  /// `signals` from os::take_signals(); `file_limit` is what services get; `ready` may be invalid; `lock` is the
  /// home's.
  keeper(options o, unique_fd signals, rlimit file_limit, unique_fd ready, unique_fd lock);

  /// Goes on where the program before it was (exec in place); call it before run().
  void resume(const wire::keeper_state& state);

  /// Serves until the end. Returns the exit status: 0 after an orderly shutdown, 1 when the first daemon could not
  /// start or everything had to be killed.
  int run();

private:
  using key = std::pair<node_id, generation>;
  using steady = std::chrono::steady_clock;

  /// A main process, until its exit is acknowledged.
  struct record {
    int pid = 0;
    holdings held;
    std::int64_t started_ms = 0;
    std::string note;
    std::optional<exit_status> exited;
    bool adrift = false;                          ///< no child of ours: of a keeper that was killed
    std::optional<steady::time_point> gone_since; ///< of one adrift: it has ended, nobody has said how yet

    [[nodiscard]] int pidfd() const { return held[holding::pidfd].get(); }
  };
  using named_fd = std::pair<const char*, unique_fd*>;
  /// What the keeper has for itself, and a keeper that replaces this one inherits.
  [[nodiscard]] std::vector<named_fd> own_descriptors();
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
  /// Descriptors for starting a daemon, for an upgrade and for a look at who is left when all is stopped.
  static constexpr std::size_t kept_free = 16;
  /// A start takes at most these: a pidfd, two for each of two outputs, three for each of input, IPC and readiness, and
  /// the socket for notices.
  static constexpr std::size_t most_for_a_start = 15;
  /// From its start a daemon has this long to say hello, when nobody waits for it.
  static constexpr std::chrono::seconds start_patience{60};

  // One turn of the loop.
  void wait_and_handle();
  [[nodiscard]] int wait_ms() const;
  void handle_signals();
  void handle_deadlines();
  void reap_children();
  using orphans = std::optional<std::vector<std::uint32_t>>;
  /// Who has lost their parents and lives; nothing: not known.
  [[nodiscard]] orphans find_orphans() const;
  void note_exit(const key& who, const os::ended_child& how, orphans left = std::nullopt);
  void watch_adrift(const key& who);
  void look_after_adrift();
  // The book of starts (os/start_book.hpp).
  void open_book(bool is_new);
  void enter(const key& who, const record& child);
  /// Reads at most `limit` frames.
  void read_channel(int limit);
  void flush();

  // The daemon's life.
  void start_daemon();
  void daemon_ended(const os::ended_child& how);
  void daemon_did_not_start(const std::string& why);
  /// Decides whether and when the daemon is started again; `why` is for the process that waits for the first start.
  void plan_next_start(const std::string& why);
  void break_contact(const std::string& why);
  void close_channel();
  void take_charge_of_daemon();
  /// What commands report while there is no daemon (STATE/daemon.trouble).
  void write_trouble(const std::string& text) const;

  // Whether it lives.
  void heard_from_daemon();
  void expect_life();
  void probe();
  [[nodiscard]] std::chrono::seconds time_for_life() const;
  void handle_watchdog(steady::time_point now);

  // Another program in this one's place.
  [[nodiscard]] wire::keeper_state state();
  outcome exec(const std::string& program, const wire::keeper_state& state);
  void replace_by_upgrade();
  void end_trial();
  void fall_back(const std::string& why);

  // Its frames.
  void handle(const wire::to_keeper& frame, std::vector<unique_fd> fds);
  void on(const wire::hello_frame& frame);
  void on(const wire::ready_frame& frame);
  void on(const wire::failed_frame& frame);
  void on(const wire::spawn_frame& frame);
  void on(const wire::note_frame& frame);
  void on(const wire::acknowledge_frame& frame);
  void on(const wire::shutdown_frame& frame);
  void on(const wire::pong_frame& frame);
  void on(const wire::adopt_frame& frame);
  void on(const wire::upgrade_frame& frame);
  void on(const wire::main_frame& frame);
  void send(const wire::to_daemon& frame, std::optional<key> fds_of = std::nullopt);
  /// Now or not at all.
  void send_if_room(const wire::to_daemon& frame, std::span<const int> fds);

  /// Says what is no trouble: of `alder run` the standard error is the container's, where only trouble belongs.
  void remark(const std::string& text) const;

  // The end.
  void on_stop_signal(int signal);
  void kill_everything();
  /// Kills all descendants but the daemon `spared` (0: none) and what is below it, for at most 10 s.
  void kill_descendants(int spared);
  /// Reaps, and forgets the daemon when it is among them; nobody is told.
  void reap_quietly();
  void wait_for_signal(std::chrono::milliseconds longest);

  options options_;
  os::descriptor_budget budget_{kept_free};
  os::reparented reparented_;
  unique_fd signals_;
  rlimit file_limit_;
  unique_fd ready_;
  os::log_stage_files stage_; ///< what a daemon has under way with output; for its successor
  unique_fd lock_;
  std::string mark_; ///< how ALDER_MEMBER of all processes of this line of keepers begins
  std::uint64_t start_ticks_ = 0;
  std::int64_t started_ms_ = 0;

  std::map<key, record> children_;
  std::optional<os::start_book> book_; ///< children_ and what is being started, for those who come after us
  std::map<int, key> running_;         ///< by pid
  std::set<key> adrift_;               ///< of those the ones that are no children of ours, perhaps
  os::pidfd_watch adrift_ends_;        ///< of those the ones that have not ended, by pid
  std::set<key> gone_;                 ///< of those the ones that have ended, nobody has said how yet
  std::vector<unique_fd> received_;    ///< with the frame that is being handled

  contact contact_ = contact::absent;
  int daemon_pid_ = 0;         ///< 0: none
  bool daemon_adrift_ = false; ///< it is no child of ours
  bool is_told_all_ = false;   ///< of what a former keeper held: some daemon of ours was ready
  unique_fd daemon_file_;      ///< its program, as it was when it was last started anew: files may be replaced under us
  unique_fd daemon_pidfd_;
  unique_fd channel_;
  steady::time_point daemon_started_{};
  std::uint32_t epoch_ = 0;
  bool was_ready_ = false; ///< some daemon was
  unsigned short_lives_ = 0;
  std::optional<steady::time_point> start_due_;
  std::deque<outgoing> outgoing_;
  std::size_t reaped_notices_ = 0; ///< among outgoing_

  std::optional<steady::time_point> probe_due_;  ///< the daemon is asked for a sign of life then …
  std::optional<steady::time_point> answer_due_; ///< … and must have given one by then
  bool serves_ = false;                          ///< this daemon has said that it is ready
  bool hung_ = false;                            ///< it is killed for that
  unsigned hung_starts_ = 0;                     ///< daemons in a row that hung before they were ready
  std::string news_;                             ///< for the next daemon

  std::optional<wire::upgrade_frame> upgrade_; ///< as soon as the daemon is gone
  bool on_trial_ = false;                      ///< the next daemon must serve, or the former programs come back
  std::optional<steady::time_point> trial_due_;
  std::string former_daemon_;
  unique_fd former_keeper_file_;
  unique_fd former_daemon_file_;

  int stop_signal_ = 0; ///< 0: nobody asked to stop
  std::optional<steady::time_point> stop_due_;
  std::optional<int> exit_code_; ///< set: the loop ends
};

} // namespace alder::keeper
