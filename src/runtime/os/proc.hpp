// What /proc says about one process, and who its children are.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::os {

/// A line of /proc/PID/stat.
struct process_stat {
  int pid = 0;
  char state = '?'; ///< R, S, D, T, Z …
  int parent = 0;
  int session = 0;
  bool is_exiting = false; ///< on its way out: may still hold descriptors and ports, has no environment any more
  bool is_thread = false;  ///< of a process, not one itself: its number is asked for like a process's
  bool is_kernel = false;  ///< a thread of the kernel
  int threads = 0;
  std::uint64_t start_ticks = 0; ///< since boot: with the pid it names one process and no later one
  std::uint64_t cpu_ticks = 0;   ///< that it has worked, as user and in the kernel
  std::uint64_t pages = 0;       ///< of its memory, resident
};

/// Reads the text of /proc/PID/stat; nothing when it is not one.
[[nodiscard]] std::optional<process_stat> parse_stat(std::string_view text);

/// Every process there is, in no order.
[[nodiscard]] std::vector<int> all_pids();

/// Nothing when there is no such process, or it cannot be read.
[[nodiscard]] std::optional<process_stat> read_stat(int pid);

/// When a process started, counted from the boot of the machine, to 10 ms. Setting the clock does not change it.
[[nodiscard]] std::chrono::milliseconds start_after_boot(const process_stat& process);

/// Whether there is a process, or its zombie, with this number. Takes no descriptor.
[[nodiscard]] bool is_there(int pid);

/// Of a zombie how it ended, as wait() tells it; nothing when it is none, or of another user.
[[nodiscard]] std::optional<int> zombie_status(int pid);

/// The command a process runs, its words joined by blanks; empty when it is gone. At most 4 KiB.
[[nodiscard]] std::string command_line(int pid);

/// The user a process runs as (its effective one); nothing when it is gone.
[[nodiscard]] std::optional<unsigned> user_of(int pid);

/// Not a zombie. A process whose first thread has ended while others run looks like one, but lives.
[[nodiscard]] bool is_living(const process_stat& p);

/// Whether the environment the process was started with has `name`=`value`. False also when it cannot be read; nothing
/// when it is empty, as it is for a moment while a program is replaced by another (execve). Looks at the first 2 MiB.
[[nodiscard]] std::optional<bool> environment_tells(int pid, std::string_view name, std::string_view value);

/// The soft limit of file locks (RLIMIT_LOCKS); nothing when there is none, or it cannot be read.
[[nodiscard]] std::optional<std::uint64_t> lock_limit_of(int pid);

/// The value of `name` in the environment the process was started with; nothing when it has none, or cannot be read.
/// Looks at the first 2 MiB.
[[nodiscard]] std::optional<std::string> environment_value(int pid, std::string_view name);
/// Whether it has no environment at all, or none at the moment (execve).
[[nodiscard]] bool has_empty_environment(int pid);

/// A process that is becoming another program (execve) has neither name nor environment for a moment.
class exec_window {
public:
  /// Whether it is worth looking again for what was not found in its environment. Waits a little first, for at most
  /// 20 ms in all; when the name has come, one more look is enough.
  [[nodiscard]] bool look_again(int pid);

private:
  int looks_ = 0;
  bool was_named_ = false;
};

/// Who is whose child: from the `children` files where the kernel has them, else from one look at all of /proc.
class family {
public:
  enum class source : std::uint8_t { children_files, whole_proc };

  /// Picks the source the kernel offers.
  family();
  explicit family(source from);

  /// The children of `pid`, zombies included. A list that changes while it is read can lack one, so it is read until
  /// two readings agree (at most 5).
  [[nodiscard]] std::vector<int> children(int pid) const;

private:
  source source_;
  std::vector<process_stat> everyone_; ///< of whole_proc, sorted by parent
};

} // namespace alder::os
