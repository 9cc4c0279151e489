// The seam between what looks after processes and the operating system. The daemon's is actors/host/keeper_host.hpp;
// tests have doubles.
#pragma once

#include "actors/base/process_news.hpp"

#include "runtime/wire/process_note.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/event.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

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

/// Who looks after a process. Told on the loop thread, never from inside a call of the host.
class process_owner {
public:
  process_owner() = default;
  process_owner(const process_owner&) = delete;
  process_owner& operator=(const process_owner&) = delete;
  virtual ~process_owner() = default;
  virtual void tell(process_news news) = 0;
};
using process_owner_ptr = std::shared_ptr<process_owner>;

/// What is asked of the operating system for a process; its owner is told the answers. Loop thread only.
class process_host {
public:
  process_host() = default;
  process_host(const process_host&) = delete;
  process_host& operator=(const process_host&) = delete;
  virtual ~process_host() = default;

  /// Runs the program, or takes over the process of this id that still runs: process_launched or process_refused, later
  /// process_exited. `note` is kept with the process for the next daemon.
  virtual void launch(const process_id& id, const service_spec& spec, const wire::process_note& note,
                      process_owner_ptr who) = 0;
  /// Tries the readiness check of `spec` once: readiness_answered.
  virtual void check_ready(const process_id& id, const service_spec& spec) = 0;
  /// Tries the health check of `spec` once, for at most its timeout: health_check_answered with this token.
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
  virtual void run_hook(const process_id& id, const service_spec& spec, const hook_run& what,
                        process_owner_ptr who) = 0;
  /// Kills a hook that runs; it is not answered any more.
  virtual void cancel_hook(const process_id& id, std::uint64_t token) = 0;
  /// Sends a JSON document over its IPC channel. Errors: as conversation::send_message, and not_found (it does not
  /// run).
  virtual outcome send_message(const process_id& id, std::string_view json) = 0;
  /// Replaces what is kept with the process for the next daemon.
  virtual void set_note(const process_id& id, const wire::process_note& note) = 0;
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
  /// Its owner `who` is gone and the process is not: keep it for the next that launches this id (which may have done
  /// so). `who` is compared only.
  virtual void abandon(const process_id& id, const process_owner* who) = 0;
  /// A process that a previous daemon or owner left behind.
  struct leftover {
    alder::generation generation = 0;
    wire::process_note note;
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

} // namespace alder::actors
