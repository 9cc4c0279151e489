// Signals and exit statuses through pidfds, which cannot hit another process with the same number.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"
#include "alder/exit_status.hpp"

#include <optional>

namespace alder::os {

/// A close-on-exec pidfd, which becomes readable when the process ends. Errors: not_found (no such process), io.
[[nodiscard]] result<unique_fd> open_pidfd(int pid);
/// The same as open(2) tells: -1 and errno. The caller owns it.
[[nodiscard]] int raw_pidfd(int pid);

/// Errors: not_found (it has ended and was reaped), denied, invalid_input (no such signal), io.
outcome signal_pidfd(int pidfd, int signal);

/// How one ended child ended, and who it was.
struct ended_child {
  int pid = 0;
  exit_status status;
  bool core_dumped = false;
};

/// How process `pid`, which is the one behind this pidfd, ended, be it a child or not: read from its zombie while its
/// parent has not reaped it, and later asked of the kernel, which tells since 6.15. Nothing while it lives, and when it
/// is not to be known any more.
[[nodiscard]] std::optional<exit_status> exit_of(int pid, int pidfd);

/// Whether the process has ended (reaped or not).
[[nodiscard]] bool has_ended(int pidfd);

/// Reaps one child that has ended, whichever; nothing when none has. Only for the process that is the parent of all.
[[nodiscard]] std::optional<ended_child> reap_any();

/// Waits for and reaps the child of this pidfd.
void reap(int pidfd);

} // namespace alder::os
