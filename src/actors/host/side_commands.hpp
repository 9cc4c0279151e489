// Commands that run beside a process: checks, hooks, stop commands. They are children of the keeper like services, with
// ids of their own, and nobody's when the question they answer is not asked any more. Loop thread only.
#pragma once

#include "actors/host/keeper_channel.hpp"
#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"
#include "actors/host/secret_reader.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

class side_commands {
public:
  enum class purpose : std::uint8_t { readiness, health, hook, stop };
  /// What it is about, and who waits for it.
  struct order {
    process_id subject;
    purpose why = purpose::stop;
    std::uint64_t token = 0; ///< of a hook
    std::vector<std::string> command;
    std::map<std::string, std::string> environment; ///< beside that of the service
    /// Told once how it failed, or none: it ended with code 0. Null: nobody asks.
    std::function<void(const std::optional<std::string>& failure)> answer;
  };

  side_commands(process_table& table, process_members& members, keeper_channel& keeper, secret_reader& secrets)
      : table_(table), members_(members), keeper_(keeper), secrets_(secrets) {}

  void run(order what, const service_spec& spec);
  /// Ends those about a process that have this purpose, and this token when they are hooks. They are not answered.
  void cancel(const process_id& subject, purpose why, std::uint64_t token = 0);
  /// The process is over. A command that hangs must not outlive it, except hooks, which may be about its end.
  void end_all_of(const process_id& subject);

  // -- from the keeper; false: the id is not that of a command

  bool on_spawned(const keeper::child& child);
  bool on_spawn_failed(const process_id& id, const std::string& why);
  bool on_exited(const process_id& id, const exit_status& status);
  /// A command of a former daemon: it is ended.
  bool take(const keeper::child& child);
  /// The same of one that was found without its keeper.
  bool end_lost(const process_id& id, int pid, std::uint64_t start_ticks);

private:
  struct running {
    order about;
    int pid = 0;
    bool is_cancelled = false;
  };
  void start(const process_id& own, keeper::launch what, result<secret_reader::environment> variables);
  void cancel(const process_id& own, running& one);
  void end(const process_id& own, const running& one);
  void finish(const process_id& own, const std::optional<std::string>& failure);

  process_table& table_;
  process_members& members_;
  keeper_channel& keeper_;
  secret_reader& secrets_;
  std::map<process_id, running> running_; ///< by their own ids
  alder::generation last_ = 0;
};

} // namespace alder::actors
