// What every actor of the daemon shares, and the seams that tests replace.
#pragma once

#include "actors/base/board.hpp"
#include "actors/base/messages.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

/// In the note of a process that is not ready yet; behind it the moment until when it asked for time, in milliseconds
/// of Unix time.
inline constexpr std::string_view waiting_mark = " waiting";

/// One process of one service.
struct process_id {
  node_id node;
  alder::generation generation = 0;
  auto operator<=>(const process_id&) const = default;
};

/// What a process and its members use.
struct process_sample {
  std::uint64_t memory = 0; ///< bytes, resident
  std::chrono::milliseconds cpu_time{0};
};

/// What a process actor asks of the operating system; the answers are messages to it. Loop thread only.
class launcher {
public:
  launcher() = default;
  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;
  virtual ~launcher() = default;

  /// Runs the program, or takes over the process of this id that still runs: process_launched or process_refused, later
  /// process_exited. `note` is kept with the process for the next daemon.
  virtual void launch(const process_id& id, const service_spec& spec, const std::string& note, process_actor who) = 0;
  /// Tries the readiness check of `spec` once: readiness_answered.
  virtual void check_ready(const process_id& id, const service_spec& spec) = 0;
  /// Tries the health check of `spec` once, for at most its timeout: health_answered with this token.
  virtual void check_health(const process_id& id, const service_spec& spec, std::uint64_t token) = 0;
  /// Ends a health check that runs a command; it is not answered any more.
  virtual void cancel_health(const process_id& id) = 0;
  /// What the process and its members use at this moment.
  [[nodiscard]] virtual process_sample sample(const process_id& id) = 0;
  /// Runs a command with the environment and directory of the service, whatever comes of it.
  virtual void run_command(const process_id& id, const service_spec& spec, const std::vector<std::string>& command) = 0;
  /// A hook of a process.
  struct hook_run {
    std::uint64_t token = 0; ///< comes back in `hook_ended`
    std::vector<std::string> command;
    std::map<std::string, std::string> environment; ///< beside that of the service
  };
  /// Runs it with the environment, directory and user of the service: hook_ended to `who`.
  virtual void run_hook(const process_id& id, const service_spec& spec, const hook_run& what, process_actor who) = 0;
  /// Kills a hook that runs; it is not answered any more.
  virtual void cancel_hook(const process_id& id, std::uint64_t token) = 0;
  /// Sends a JSON document over its IPC channel. Errors: as conversation::send_message, and not_found (it does not
  /// run).
  virtual outcome send_message(const process_id& id, std::string_view json) = 0;
  /// Replaces what is kept with the process for the next daemon.
  virtual void set_note(const process_id& id, const std::string& note) = 0;
  /// Signals the main process and, unless `main_only`, every member.
  virtual void signal_all(const process_id& id, int signal, bool main_only) = 0;
  /// SIGKILL to main process and members until none is left: process_members_gone.
  virtual void kill_all(const process_id& id) = 0;
  /// process_members_gone when the members are gone.
  virtual void await_members(const process_id& id) = 0;
  /// Whether others than the main process belong to it.
  [[nodiscard]] virtual bool has_members(const process_id& id) = 0;
  /// Whether its main process is there.
  [[nodiscard]] virtual bool is_alive(const process_id& id) const = 0;
  /// The process is gone and reported: forget it once its output is written.
  virtual void release(const process_id& id) = 0;
  /// Its actor `who` is gone and the process is not: keep it for the next actor that launches this id (which may have
  /// done so).
  virtual void abandon(const process_id& id, const caf::actor_addr& who) = 0;
  /// A process that a previous daemon or actor left behind.
  struct leftover {
    alder::generation generation = 0;
    std::string note;
    bool alive = false; ///< false: it ended while nobody looked after it
    wall_time started{};
    std::optional<exit_status> exited = {}; ///< of one that ended
  };
  /// Oldest generation first.
  [[nodiscard]] virtual std::vector<leftover> left_behind(const node_id& node) = 0;
  /// Nobody wants this process: it is killed if it lives, and forgotten when its output is written.
  virtual void discard(const process_id& id) = 0;
  /// The highest generation of this node so far, also of processes that are gone; 0: there was none. A generation is
  /// never used twice, however often the supervisor above starts anew.
  [[nodiscard]] virtual alder::generation last_generation(const node_id& node) const = 0;
};

/// Shared by reference with every actor; outlives the actor system.
struct runtime {
  launcher& os;
  board nodes;
  /// Wall clock for what people read; a seam because tests live on a virtual clock. It may be set at any time.
  std::function<wall_time()> wall_now;
  /// Where events go; the event bus when it is there.
  event_bus_actor events;
  /// The supervisor that answers for each node: by node id, its parent.
  std::map<node_id, supervisor_actor> parents;
  /// The supervisors that are up.
  std::map<node_id, supervisor_actor> supervisors = {};
  /// Told of each supervisor report (section 13 of OTP's rules), in order. People hear the same as events.
  std::function<void(const std::string& tree, const std::string& supervisor, const policy::report&)> on_report = {};
  /// What the successor of each supervisor must know, by node id; written down by whoever set `on_remembered`, which is
  /// told whose memory changed, and in which children.
  std::map<node_id, policy::supervision_memory> memories = {};
  std::function<void(const node_id& supervisor, const std::vector<std::string>& children)> on_remembered = {};
  /// A child that was added by hand is no more, for its supervisor began a new life.
  std::function<void(const std::string& tree, const std::string& name)> on_forgotten = {};
  /// What a supervisor of a tree is going to be while a change of the tree is carried out: it starts anew as that,
  /// without what is being removed. Null: it is what its parent knows. Without it nothing changes.
  std::function<supervisor_ptr(const std::string& tree, const std::string& name)> changing_to = {};
  /// Watches files until the answer is let go; `changed` is called on the loop thread. Without it nothing is watched.
  std::function<std::shared_ptr<void>(const watch_spec& what, std::function<void(const std::string& path)> changed)>
      watch_files = {};
  /// The wall clock as if nobody set it: what the times of the board are on. Without it nobody does.
  std::function<wall_time()> steady_clock = {};
  /// When the machine was booted, on that clock: what is since then is true for later daemons too.
  wall_time boot{};

  [[nodiscard]] wall_time steady_now() const { return steady_clock ? steady_clock() : wall_now(); }
  /// What a time of the board is for people, by the wall clock as it is now.
  [[nodiscard]] std::chrono::milliseconds clock_shift() const { return wall_now() - steady_now(); }
};

/// A child as an actor-level supervisor knows it: what to start, and under which name.
struct child_entry {
  std::string name;
  restart_kind restart = restart_kind::permanent;
  service_ptr service;
  supervisor_ptr supervisor;
  /// A part of the daemon or a user's own actor, which stands for whatever else is given. Called at every start; must
  /// answer start_order.
  std::function<child_actor(caf::scheduled_actor* host, const parent_actor& parent)> part;
  std::string tree;    ///< the tree it belongs to, when it is the root of one
  bool resume = false; ///< its first start takes over what runs already
};

/// "tree/name".
[[nodiscard]] inline node_id id_of(const std::string& tree, const std::string& name) { return tree + "/" + name; }

} // namespace alder::actors
