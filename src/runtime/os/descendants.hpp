// Which living processes belong to a service, however they detached themselves, and how to signal or kill all of them.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace alder::os {

/// One living process; signals go through the pidfd, so that they cannot hit another one with the same number.
struct member {
  int pid = 0;
  std::uint64_t start_ticks = 0; ///< as in /proc/PID/stat
  unique_fd pidfd; ///< invalid when this process had no descriptor left; signal_members() then opens it for a moment
  bool is_sure = true; ///< else it is about to end, and can no longer be asked whose it is
};

/// Where to look and what to look for.
struct membership {
  int keeper_pid = 0;
  int main_pid = 0;   ///< of the service; stays its session's number after it has ended. 0: never had one
  std::string marker; ///< the value of ALDER_MEMBER its processes inherit
  /// Children of the keeper that are known to be something else (the daemon, main processes of other services): nothing
  /// below them is looked at. May be empty: slower, not wrong.
  std::vector<int> strangers;
  /// It is not below this keeper but was started by one that is gone: all processes of the system are looked at.
  bool adrift = false;
  std::string cgroup; ///< the directory of its control group; all in it belong to it. Empty: it has none
};

/// Every living process (no zombies) below the keeper that belongs to the service: the main process, all below it, all
/// who have inherited the marker, in their environment or their limit of file locks, all in the session of one of
/// these, all below those, and all in its control group. Not found without one: what has left the session, lost its
/// parent, dropped its environment and changed that limit. Empty when there is none or /proc cannot be read. Orphans
/// that are about to end come last, not `is_sure`.
[[nodiscard]] std::vector<member> members(const membership& who);

/// The living processes of each of several services of one keeper, from one walk. A process belongs to one: that of its
/// nearest parent, of its session, or whose marker it holds. `passed_over`: children of the keeper not to look at.
[[nodiscard]] std::vector<std::vector<int>> members_of_each(const std::vector<membership>& all,
                                                            const std::vector<int>& passed_over);

/// Whether the keeper has a child that is not in `known` (give main processes and the daemon), so that members() is
/// worth its price. One read of a file in /proc. A zombie the keeper has not reaped yet counts.
[[nodiscard]] bool has_orphans(int keeper_pid, std::span<const int> known);

/// Sends `signal` to each; those that are gone are passed over. Returns how many were reached.
std::size_t signal_members(std::span<const member> whom, int signal);

/// Kills all members: by its control group, and those that are not in it so: stops them (SIGSTOP), looks again until no
/// new one turns up (at most 100 times), then SIGKILL for all. A process born at the wrong moment can be left: repeat
/// until members() is empty, whenever on_exited or on_reaped is heard. Returns how many were sent SIGKILL.
std::size_t kill_members(const membership& who);

/// Kills every living process below `root` except `spared` (0: none) and what is below it, in the same way.
/// Returns how many were sent SIGKILL.
std::size_t kill_tree_below(int root, int spared);

/// Every living process below `root`, without `spared` (0: none) and what is below it.
[[nodiscard]] std::vector<member> tree_below(int root, int spared);

} // namespace alder::os
