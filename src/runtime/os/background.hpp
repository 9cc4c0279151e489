// Starts another program beside this one, detached or as a child, and hears when it is ready.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"
#include "alder/exit_status.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace alder::os {

/// The descriptor the started program finds its end of the ready pipe at.
inline constexpr int ready_descriptor = 3;

enum class attachment {
  detached, ///< double fork and a session of its own: it outlives this program and its terminal; stdio is /dev/null
  child,    ///< our child, in a process group of its own, so that Ctrl-C reaches only us; its stdout is our stderr; it
            ///< gets SIGTERM when we end
};

struct background_program {
  unique_fd ready; ///< our end of the pipe
  int pid = 0;     ///< of a child; 0: detached
};

/// Starts `command`, whose first word is an absolute path. That it cannot be executed is told through the pipe as
/// "error: …\n". For single-threaded callers. Error (io): no pipe, no process.
[[nodiscard]] result<background_program> start_in_background(const std::vector<std::string>& command, attachment how);

/// Runs a program found in PATH to its end, with our stdio; returns how it ended. Errors: not_found, io.
[[nodiscard]] result<exit_status> run_program(const std::vector<std::string>& command);

/// The next line of `fd` without its end, at most 4096 bytes. Errors: timed_out, unavailable (it ended before a line
/// did).
[[nodiscard]] result<std::string> read_line(int fd, std::chrono::milliseconds deadline);

/// How child `pid` ended, once; nothing while it runs.
[[nodiscard]] std::optional<exit_status> reap_child(int pid);
/// Reaps every ended child but `kept`: the duty of process 1.
void reap_orphans(int kept);
/// Waits until process `pid` (any, not only a child) has ended; false when it has not within `deadline`.
[[nodiscard]] bool wait_until_gone(int pid, std::chrono::milliseconds deadline);
/// The keeper whose lock is in `run_dir`, 0 when there is none alive. Looks only: it never takes the lock.
[[nodiscard]] int living_keeper(const std::string& run_dir);
/// Whether somebody answers connections on this unix socket.
[[nodiscard]] bool is_served(const std::string& socket);
/// Does nothing for a while, between two attempts.
void pause(std::chrono::milliseconds time);
/// Sends a signal; a process that has gone is passed over.
void send_signal(int pid, int signal);

} // namespace alder::os
