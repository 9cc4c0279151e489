// What this daemon holds of every process: those that run or are about to, and those that have ended and are not
// settled with the keeper yet. Plain data, found by id and by node. Loop thread only.
#pragma once

#include "actors/base/process_host.hpp"
#include "actors/host/conversation.hpp"

#include "runtime/base/holdings.hpp"
#include "runtime/keeper/client.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/process_note.hpp"
#include "runtime/wire/program_notice.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

struct held_process {
  process_owner_ptr owner; ///< null: nobody has taken it over (yet, or any more)
  int pid = 0;             ///< 0: it has not been started yet
  holdings kept;           ///< our own of everything the keeper holds of it, in case the keeper is lost
  bool adrift = false;
  std::string cgroup; ///< the directory of its control group; empty: it has none
  cgroup_limits group_limits;
  std::unique_ptr<conversation> talk;
  std::vector<wire::program_notice> unheard; ///< while it has no owner
  std::uint32_t uid = 0;                     ///< whose notices are its own
  wire::process_note note;
  std::uint64_t secrets = 0;                   ///< the fingerprint of what its secrets were read from
  std::unique_ptr<const keeper::launch> asked; ///< until the keeper has answered
  std::uint64_t reading = 0;                   ///< the number of this start while its secrets are read
  wall_time started{};                         ///< on the steady clock
  wall_time told_start{}; ///< by the wall clock as it was then: for the keeper and for times in files
  std::optional<os::file_facts> former_file; ///< that its readiness waits for: as it was before its start
  bool knows_former_file = false;
  bool alive = false;
  std::optional<exit_status> exited;
  bool is_alone = false;                   ///< it has ended, and nobody is left of it
  bool unwanted = false;                   ///< forgotten as soon as it is gone
  wall_time looked_at{};                   ///< when somebody last asked what it uses …
  std::chrono::milliseconds looked_cpu{0}; ///< and the processor time it had used by then
  std::optional<usage_snapshot> measured;  ///< what was last told of its use …
  wall_time measured_at{};                 ///< and when that was measured

  void tell(process_news news) const {
    if (owner) owner->tell(std::move(news));
  }
};

/// A process that nobody has taken over (yet).
struct unclaimed_process {
  process_id id;
  int pid = 0;
  bool alive = false;
};

class process_table {
public:
  /// Null when there is none.
  [[nodiscard]] held_process* find(const process_id& id);
  [[nodiscard]] const held_process* find(const process_id& id) const;
  /// The process with this id, which is entered if it was not there.
  held_process& enter(const process_id& id) { return processes_[id]; }
  /// It does not become a process.
  void drop(const process_id& id) { processes_.erase(id); }
  [[nodiscard]] std::size_t size() const { return processes_.size(); }
  /// By id.
  [[nodiscard]] const std::map<process_id, held_process>& all() const { return processes_; }
  /// The ids of a node, oldest generation first.
  [[nodiscard]] std::vector<process_id> of(const node_id& node) const;
  /// The process of a node that lives; null: none does.
  [[nodiscard]] held_process* running_of(const node_id& node);
  /// Oldest generation first; not those that nobody wants.
  [[nodiscard]] std::vector<process_host::leftover> left_behind(const node_id& node) const;
  [[nodiscard]] std::vector<unclaimed_process> unclaimed() const;

  /// This generation has been used.
  void note_generation(const process_id& id);
  /// The highest used so far; 0: none.
  [[nodiscard]] alder::generation last_generation(const node_id& node) const;
  [[nodiscard]] bool has_run(const node_id& node) const { return generations_.count(node) > 0; }

  /// The process is gone and reported. If it ever ran the keeper still knows it: until its output is written and what
  /// was decided on its exit is in the journal. Another keeper must know it too, or a daemon after this one would not
  /// hear of that exit. Returns whether there is something left to settle.
  bool retire(const process_id& id);
  /// All its output is written.
  void note_drained(const process_id& id);
  /// Takes those that are drained and that `may_forget` says yes to. When more than `most` have ended all that are
  /// drained.
  [[nodiscard]] std::vector<process_id> take_settled(const std::function<bool(const process_id&)>& may_forget,
                                                     std::size_t most);

  /// Everything that is held, and how what is not settled has ended: for a keeper that has to know it. Points into this
  /// table.
  [[nodiscard]] std::vector<keeper::handed_child> everything() const;

private:
  struct ended_process {
    int pid = 0;
    holdings kept; ///< as of a held process but for its pidfd, until its output is written
    wire::process_note note;
    wall_time told_start{};
    std::optional<exit_status> exited;
    bool is_drained = false;
  };
  std::map<process_id, held_process> processes_;
  std::map<process_id, ended_process> ended_;
  std::map<node_id, alder::generation> generations_; ///< the highest so far
};

} // namespace alder::actors
