// Which living processes belong to which service, however they detached themselves. All services share one look at the
// system, and after the first one only processes that were born since are looked at: what a question costs depends on
// the processes of the service it is about, never on how many services or other processes there are.
//
// A process belongs to a service when it is its main process, or was a child of one that belongs to it, or is in the
// session of one of these, or has inherited the service's mark, in its environment or in its limit of file locks. Not
// found without a control group: what has left the session, lost its parent, dropped its environment and changed that
// limit, all before it was looked at.
#pragma once

#include "runtime/os/births.hpp"
#include "runtime/os/descendants.hpp"
#include "runtime/os/proc.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alder::os {

class member_table {
public:
  /// `keeper_pid`: the parent of orphans. `line`: how all marks begin, "PID.TICKS" of the first keeper of this line;
  /// what is older than TICKS belongs to nobody.
  member_table(int keeper_pid, std::string_view line, births born = births{});
  ~member_table();
  member_table(const member_table&) = delete;
  member_table& operator=(const member_table&) = delete;

  /// Another keeper is the parent of orphans from now on.
  void follow(int keeper_pid) { keeper_pid_ = keeper_pid; }

  enum class since : std::uint8_t {
    now,   ///< nothing of it has been started yet
    before ///< some of it may be there
  };
  /// Processes with this mark (the value of ALDER_MEMBER) are looked for from now on. One that is known stays.
  void add(const std::string& mark, since when);
  /// This is its main process, which may have ended. The mark must have been added.
  void set_main(const std::string& mark, int pid) { set_main(mark, pid, read_stat(pid)); }
  /// The same, for who has looked at it.
  void set_main(const std::string& mark, int pid, const std::optional<process_stat>& process);
  /// Its processes are not looked for any more.
  void remove(const std::string& mark);

  /// Its living processes (no zombies). Empty when there is none, or the mark was not added. Orphans that are about to
  /// end, and can no longer be asked whose they are, come last, not `is_sure`. `cgroup`: the directory of its control
  /// group; all in it belong to it. Empty: it has none.
  [[nodiscard]] std::vector<member> members(const std::string& mark, const std::string& cgroup = {});
  /// The same that are sure, without holding them.
  [[nodiscard]] std::vector<process_stat> processes(const std::string& mark, const std::string& cgroup = {});
  /// Looks at what was born since the last question.
  void update();
  /// Those that were known at the last question or update(), and live.
  [[nodiscard]] std::vector<process_stat> known_processes(const std::string& mark, const std::string& cgroup = {});
  /// Whether somebody else than its main process belongs to it.
  [[nodiscard]] bool has_others(const std::string& mark, const std::string& cgroup = {});
  /// The mark of the service to which a living process belongs; empty: to none.
  [[nodiscard]] std::string mark_of(int pid);
  /// The same, of those that were known at the last question or update().
  [[nodiscard]] std::string known_mark_of(int pid) const;
  /// The same of what is known of a process that may have ended.
  [[nodiscard]] std::string last_mark_of(int pid) const;

  /// Kills all of it: by its control group, and what is not in that as freeze_and_kill() does. Repeat until members()
  /// is empty. Returns how many were sent SIGKILL.
  std::size_t kill(const std::string& mark, const std::string& cgroup = {});

private:
  struct owner;
  struct entry {
    owner* of = nullptr;
    std::uint64_t start_ticks = 0;
  };
  struct session {
    owner* of = nullptr;
    bool may_be_another = false; ///< its number may have been given again
  };
  /// One that could not be asked whose it is yet.
  struct doubt {
    int pid = 0;
    std::uint64_t start_ticks = 0;
    std::chrono::steady_clock::time_point until;
  };

  [[nodiscard]] owner* find(const std::string& mark) const;
  void look_at_all();
  [[nodiscard]] std::optional<process_stat> look_at(int pid);
  void look_again_at_doubts();
  void note_number(int number, const process_stat* process);
  [[nodiscard]] owner* owner_by_kin(const process_stat& process);
  [[nodiscard]] owner* owner_by_mark(const process_stat& process);
  [[nodiscard]] owner* owner_by_environment(const process_stat& process, bool& is_empty) const;
  [[nodiscard]] bool lives_in(const owner& of, int number) const;
  void enter(owner& to, const process_stat& process);
  void forget(int pid);
  [[nodiscard]] std::vector<process_stat> living(owner& of);
  [[nodiscard]] std::vector<process_stat> look_for(owner& of, const std::string& cgroup);
  static void add_grouped(const std::string& cgroup, std::vector<process_stat>& to);
  [[nodiscard]] std::vector<process_stat> leaving();

  int keeper_pid_ = 0;
  std::string line_;
  std::uint64_t line_ticks_ = 0;
  births births_;
  bool must_look_at_all_ = true;
  std::uint64_t untold_ = 0; ///< newborn processes that were gone before they could be told apart
  std::unordered_map<std::string, std::unique_ptr<owner>> owners_; ///< by mark
  std::unordered_map<std::uint64_t, owner*> by_number_;            ///< the mark as a limit
  std::unordered_map<int, owner*> mains_;
  std::unordered_map<int, entry> entries_; ///< by pid; of processes that belong to somebody, or did until they ended
  std::unordered_map<int, session> sessions_;
  std::vector<doubt> doubts_;
  std::vector<doubt> leaving_; ///< orphans that were about to end when they were first seen
};

} // namespace alder::os
