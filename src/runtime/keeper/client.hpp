// The daemon's side of the keeper's channel: attach, start processes, hear how they end. One thread, the owner's loop.
#pragma once

#include "runtime/base/holdings.hpp"
#include "runtime/os/log_stage_files.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/event.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::keeper {

/// A main process the keeper holds.
struct child {
  node_id id;
  alder::generation gen = 0;
  int pid = 0;
  /// All are close-on-exec and but for the pidfd non-blocking, the same open files as the keeper's: its pidfd, its
  /// output unless it was started without capture, and launch::channels. Any may be missing when this process has no
  /// descriptor left.
  holdings held;
  std::string note;
  wall_time started{};
  std::optional<exit_status> exited; ///< it has ended already, and the exit was not acknowledged
  bool adrift = false; ///< no child of the keeper: its orphans are nobody's, its exit status may be unknown
};

/// A process that a daemon hands to the keeper that replaces a lost one; the descriptors stay the caller's.
struct handed_child {
  wire::adopt_frame what; ///< without the names of
  const holdings* held = nullptr;
};

/// What to start. The first word of its command is looked up in PATH of its environment or, with a slash in it, in its
/// directory. The variable ALDER_MEMBER is added to the environment.
struct launch {
  node_id id; ///< with `gen` unlike that of any child the keeper knows
  alder::generation gen = 0;
  program_start start;
  bool capture = true;           ///< false: output goes to /dev/null
  std::string cgroup;            ///< directory; empty: that of the keeper
  wire::spawn_channels channels; ///< numbers 3 to 255
  std::string note;              ///< told again in the inventory; at most wire::max_keeper_note bytes
};

/// Not thread-safe. Handlers are called from on_readable() and on_writable() only, never from inside another call; they
/// may call everything but must not destroy the client.
class client {
public:
  struct handlers {
    std::function<void(child&&)> on_spawned;
    /// The message begins with "could not start: ".
    std::function<void(const node_id&, generation, const error&)> on_spawn_failed;
    /// Comes after on_spawned of the same child, and again after every new attach until it is acknowledged.
    /// Its pid says which process it was that was the main one.
    std::function<void(const wire::exited_frame&)> on_exited;
    /// An orphan (not a main process) has ended.
    std::function<void(int pid)> on_reaped;
    /// Stop the trees, then call shutdown().
    std::function<void(int signal)> on_stop_requested;
    /// The keeper is gone, or after shutdown() done with its work, or it broke the protocol: nothing more will come.
    std::function<void()> on_lost;
  };

  /// Spawn requests without an answer on the wire; more wait in the client, so that neither side blocks on the other.
  static constexpr std::size_t spawn_window = 16;
  /// Spawn requests waiting in the client; beyond that they fail.
  static constexpr std::size_t max_waiting_spawns = 65536;
  /// Frames waiting for the keeper to read; a keeper further behind is given up (on_lost).
  static constexpr std::size_t max_outgoing = 65536;

  /// Says hello over `channel` (a SOCK_SEQPACKET socket; made non-blocking and close-on-exec) and blocks until the
  /// inventory is complete, at most 10 s. Errors: invalid_input (not a socket), conflict (another protocol version),
  /// timed_out, unavailable (the keeper closed the channel), io.
  static result<std::unique_ptr<client>> attach(unique_fd channel, handlers h);
  /// The same with a keeper that replaces the keeper of `former`: it first receives these processes and the staging of
  /// output.
  static result<std::unique_ptr<client>> attach(unique_fd channel, handlers h, const client& former,
                                                std::span<const handed_child> handed);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// What the keeper held when this daemon attached; the second call gives nothing.
  [[nodiscard]] std::vector<child> take_inventory() { return std::move(inventory_); }
  /// What a former daemon had under way with output; the second call gives nothing, as does a keeper without staging.
  [[nodiscard]] os::log_stage_files take_log_stage() { return std::move(log_stage_); }
  /// Counts the starts of the daemon under this keeper, from 1.
  [[nodiscard]] std::uint32_t epoch() const { return welcome_.epoch; }
  [[nodiscard]] int keeper_pid() const { return welcome_.keeper_pid; }
  /// A message of the keeper for people; usually empty.
  [[nodiscard]] const std::string& news() const { return welcome_.news; }
  /// The value of ALDER_MEMBER of a process is `prefix/ID/GENERATION`, the prefix `PID.START_TICKS` of the first keeper
  /// of this line.
  [[nodiscard]] const std::string& member_prefix() const { return member_prefix_; }
  [[nodiscard]] std::string member_marker(const node_id& id, generation gen) const;

  /// To wait on. The owner calls on_readable() when it is readable, and on_writable() when it is writable while
  /// wants_write(); ask wants_write() again after every call to the client.
  [[nodiscard]] int fd() const { return channel_.get(); }
  void on_readable();
  [[nodiscard]] bool wants_write() const;
  void on_writable();

  /// Starts a process. Answered by on_spawned or on_spawn_failed, later: with kind too_large when command and
  /// environment exceed 192 KiB, not_found, denied or invalid_input when program or directory cannot be used, io with
  /// the errno of the step that failed.
  void spawn(const launch& what);
  /// The exit is written down: the keeper may forget this child.
  void acknowledge(const node_id& id, generation gen);
  /// Replaces the note. Errors: too_large (more than wire::max_keeper_note bytes).
  outcome set_note(const node_id& id, generation gen, std::string text);
  /// Makes another process of a child (with its start in /proc/PID/stat) the main one: its exit is reported as the exit
  /// of the child. An exit of the former one that was reported already no longer counts.
  void set_main(const node_id& id, generation gen, int pid, std::uint64_t start_ticks);
  /// A process that was found and is no child of the keeper: it looks after it from now on. Sent at once. Errors:
  /// timed_out (it took nothing for 10 s), unavailable.
  outcome hand_over(const handed_child& found);
  /// Keeper and daemon are replaced by these programs (absolute paths): the keeper kills this daemon.
  void upgrade(std::string keeper_program, std::string daemon_program);
  struct unanswered {
    node_id id;
    alder::generation gen = 0;
    std::optional<holdings> begun; ///< it may run: all but its pidfd
  };
  /// Those whose start the keeper has not answered, as when it is gone; the second call gives nothing.
  [[nodiscard]] std::vector<unanswered> take_unanswered();
  /// The daemon serves.
  void ready();
  /// The daemon cannot serve and is about to exit: reports the reason to its starter. Sent at once if possible.
  void failed(std::string_view text);
  /// Everything is stopped, the daemon exits now: the keeper kills what is left and exits too. Sent at once if the
  /// channel takes it. on_lost follows when nothing but the daemon is left; the daemon may exit before.
  void shutdown();

private:
  using key = std::pair<node_id, generation>;
  struct refusal {
    key who;
    error why;
  };

  client(unique_fd channel, handlers h);
  static result<std::unique_ptr<client>> make(unique_fd channel, handlers h);
  /// Sends at once, waiting for room until `deadline`. Errors: timed_out, unavailable.
  outcome send_now(const wire::to_keeper& frame, std::span<const int> fds,
                   std::chrono::steady_clock::time_point deadline);
  outcome send_now(const handed_child& one, std::chrono::steady_clock::time_point deadline);
  /// What to do with the descriptors that come with it.
  enum class descriptors : std::uint8_t { taken, left };
  outcome receive_inventory(descriptors keeps);
  /// A start that can be sent.
  struct ready_spawn {
    wire::spawn_frame frame; ///< without command, environment and note
    std::string bytes;
  };
  result<ready_spawn> checked(const launch& what) const;
  void enqueue(const wire::to_keeper& frame) { enqueue(wire::encode(frame)); }
  void enqueue(std::string bytes);
  void fill_window();
  void flush();
  void lose();
  void handle(const wire::to_daemon& frame, std::vector<unique_fd> fds);
  void note_begun(const wire::starting_frame& frame, std::vector<unique_fd> fds);
  void answer(const wire::spawned_frame& frame, std::vector<unique_fd> fds);
  void answer(const wire::spawn_failed_frame& frame);

  unique_fd channel_;
  handlers handlers_;
  wire::welcome_frame welcome_;
  std::string member_prefix_;
  std::vector<child> inventory_;
  os::log_stage_files log_stage_;
  os::log_stage_files kept_stage_;   ///< our own of it, in case the keeper is lost
  std::deque<std::string> outgoing_; ///< encoded, at most spawn_window spawns among them
  std::deque<ready_spawn> waiting_;  ///< beyond the window
  struct asked_spawn {
    wire::spawn_frame frame; ///< without command, environment and note
    std::optional<holdings> begun;
  };
  std::map<key, asked_spawn> unanswered_; ///< on the wire
  std::deque<refusal> refusals_;          ///< failed before they reached the keeper, to be told from on_writable
  bool lost_ = false;
};

} // namespace alder::keeper
