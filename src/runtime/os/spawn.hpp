// Starts a process the way vfork does, with a pidfd and output pipes; a start that fails says at which step.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sys/resource.h>

namespace alder::os {

/// What to run. The process gets a new session, default signal dispositions and an empty signal mask.
struct spawn_request {
  std::string program; ///< absolute path
  std::vector<std::string> command;
  std::vector<std::string> environment; ///< "NAME=value", complete
  std::string cwd;                      ///< empty: the parent's
  std::string stdin_file;               ///< empty: /dev/null
  std::optional<unsigned> umask;
  enum class output : std::uint8_t { pipes, null, file } where = output::pipes;
  int file = -1;                    ///< of output::file, for both output and error; above 2
  int passed = -1;                  ///< a descriptor the program inherits under the same number; -1: none
  std::optional<rlimit> file_limit; ///< RLIMIT_NOFILE of the process; none: the parent's
  wire::spawn_channels channels{};
  process_attributes attributes{};
  std::string cgroup{};  ///< the directory of its control group; empty: ours
  start_ticket ticket{}; ///< by which the process notes itself
};

struct spawned_process {
  int pid = 0;
  unique_fd pidfd;
  unique_fd out;                       ///< read end, non-blocking; invalid without pipes
  unique_fd err;                       ///< the same
  unique_fd input, ipc, notify, ready; ///< our ends of its channels, non-blocking; invalid without them. With a
                                       ///< terminal `input` is our side of it, and nobody writes to `out` yet
};

struct spawn_failure {
  wire::spawn_stage stage = wire::spawn_stage::process;
  int os_errno = 0;
};

/// Starts it and returns when exec has succeeded or a step has failed; a failed child is reaped here, so that its end
/// never looks like the exit of a process. The descriptors 0, 1 and 2 of the caller must be open; all its other
/// descriptors must be close-on-exec. The calling thread stops until exec. `on_prepared` is called with everything but
/// the process, right before there is one.
[[nodiscard]] std::variant<spawned_process, spawn_failure>
spawn(const spawn_request& request, const std::function<void(const spawned_process&)>& on_prepared = {});

} // namespace alder::os
