// The directories and the lock of one keeper, and what it does to itself before it serves.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/safe_open.hpp"

#include "alder/error.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

namespace alder::os {

/// Makes the directory (0700) and its missing parents, or accepts the one that is there. Errors: as check_own_directory
/// and make_directories.
outcome claim_directory(const std::string& path, directory_role what = directory_role::state);

/// Takes the lock file, creating it; nothing when somebody else holds it. The lock lasts as long as the descriptor,
/// which is close-on-exec. Errors: as open_to_write, io.
[[nodiscard]] result<std::optional<unique_fd>> try_lock(const std::string& path);

/// Writes this process's number into the locked file. Errors: io.
outcome write_pid(int locked_file);

/// Opens a log for appending, close-on-exec, 0600; one that has grown beyond 4 MiB is first renamed to PATH.1.
/// Errors: as open_to_write.
[[nodiscard]] result<unique_fd> open_log(const std::string& path);

/// Leaves the terminal: a new process in a new session continues, this one exits with 0. Errors: io.
outcome leave_terminal();

/// Descriptors 0, 1 and 2 are open afterwards (/dev/null where they were not), all others but `kept` closed.
/// Errors: io.
outcome tidy_descriptors(int kept);

/// 0 and 1 become /dev/null, 2 becomes `log`. Errors: io.
outcome redirect_stdio(int log);

/// A file in memory with this content, to be inherited by the next program. Errors: io.
[[nodiscard]] result<unique_fd> memory_file(std::string_view content);

/// All that is left to read. Errors: io.
[[nodiscard]] result<std::string> read_descriptor(int fd);

/// Descriptors from `first` on are not inherited by the next program.
void close_on_exec_from(unsigned first);

/// Replaces this program by the one at `path`, which is given `kept` (under the same numbers) beside stdio. Returns
/// only to say that it could not. Errors: not_found, denied, io.
outcome replace_program(const std::string& path, const std::vector<std::string>& command, std::span<const int> kept);

/// A program file to be started through /proc/self/fd, also when its name has come to mean another file. Errors:
/// not_found, denied, invalid_input (a script: its interpreter must find it by name), io.
[[nodiscard]] result<unique_fd> open_program(const std::string& path);

/// Makes this process the parent of orphaned descendants. Errors: io.
outcome become_subreaper();

/// SIGTERM for this process when its parent ends. Errors: io; unavailable (the parent had ended already).
outcome end_with_parent();

/// Raises the soft limit of open files to the hard one. Returns the limits as they were. Errors: io.
[[nodiscard]] result<rlimit> raise_file_limit();
/// The limits as the last raise_file_limit() found them: what programs that are started get. None before the first.
[[nodiscard]] std::optional<rlimit> inherited_file_limit();

/// SIGPIPE is ignored; SIGCHLD (ends only), SIGTERM, SIGINT, SIGHUP and SIGUSR1 are blocked and come through the
/// returned non-blocking signalfd. Errors: io.
[[nodiscard]] result<unique_fd> take_signals();

/// The next signal waiting in the signalfd; 0: none.
[[nodiscard]] int next_signal(int signal_fd);

} // namespace alder::os
