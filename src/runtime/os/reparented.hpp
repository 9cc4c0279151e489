// The processes that have become children of this one because their parents ended, told from those it has started.
//
// The kernel gives orphans to the first thread of a subreaper, and keeps the children of each thread in a list of its
// own (find_new_reaper in kernel/exit.c, /proc/PID/task/TID/children). So in a program that starts everything from its
// second thread nobody but orphans is in the list of the first: whether there are any is seen at once, however many
// children it has.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace alder::os {

/// Runs the rest of the program in a second thread; the first one waits for it. Call it while there is no other thread.
/// Returns what `rest` returns.
int run_beside_first_thread(std::function<int()> rest);

/// Whether no process is in the group that a process made when it was started, and had the number of. Who makes a child
/// of its own parent (CLONE_PARENT) leaves nobody to the first thread; mostly it is in the same group.
[[nodiscard]] bool group_is_empty(int group);

class reparented {
public:
  /// Of the calling process. Whoever makes it must not fork afterwards and use it in the child.
  reparented();

  /// The children of the first thread, zombies included. If that thread has started some, they are among them. Nothing:
  /// the kernel does not tell, or they are too many to be told in one piece. Empty means that there was no moment at
  /// which the list was not empty while it was read.
  [[nodiscard]] std::optional<std::vector<int>> list() const;

private:
  unique_fd file_;
};

} // namespace alder::os
