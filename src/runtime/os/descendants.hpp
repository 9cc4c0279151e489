// Living processes that are held by pidfds, how they are signalled and killed, and what hangs below one of them.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/proc.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace alder::os {

/// One living process; signals go through the pidfd, so that they cannot hit another one with the same number.
struct member {
  int pid = 0;
  std::uint64_t start_ticks = 0; ///< as in /proc/PID/stat
  unique_fd pidfd; ///< invalid when this process had no descriptor left; signal_members() then opens it for a moment
  bool is_sure = true; ///< else it is about to end, and can no longer be asked whose it is
};

/// The living among `processes` that still are who they were when they were found.
[[nodiscard]] std::vector<member> hold(std::span<const process_stat> processes);

/// Sends `signal` to each; those that are gone are passed over. Returns how many were reached.
std::size_t signal_members(std::span<const member> whom, int signal);

/// Stops (SIGSTOP) all that `look` finds, looks again until no new one turns up (at most 100 times), then SIGKILL for
/// all. A process born at the wrong moment can be left. Returns how many were sent SIGKILL.
std::size_t freeze_and_kill(const std::function<std::vector<member>()>& look);

/// Kills every living process below `root` except `spared` (0: none) and what is below it, in this way.
/// Returns how many were sent SIGKILL.
std::size_t kill_tree_below(int root, int spared);

/// Every living process below `root`, without `spared` (0: none) and what is below it.
[[nodiscard]] std::vector<member> tree_below(int root, int spared);

} // namespace alder::os
