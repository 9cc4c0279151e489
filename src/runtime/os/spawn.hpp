// Starts a process the way vfork does, with a pidfd and output pipes; a start that fails says at which step.
#pragma once

#include "runtime/base/holdings.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include <sys/resource.h>

namespace alder::os {

/// What to run. The process gets a new session, default signal dispositions and an empty signal mask.
struct spawn_request {
  std::string program; ///< absolute path
  program_start start; ///< but for the control group of its attributes
  enum class output : std::uint8_t { pipes, null, file } where = output::pipes;
  int file = -1;                    ///< of output::file, for both output and error; above 2
  int passed = -1;                  ///< a descriptor the program inherits under the same number; -1: none
  int program_file = -1;            ///< a descriptor that `program` names, as /proc/self/fd/N; -1: none
  std::optional<rlimit> file_limit; ///< RLIMIT_NOFILE of the process; none: the parent's
  wire::spawn_channels channels{};
  std::string cgroup{};  ///< the directory of its control group; empty: ours
  start_ticket ticket{}; ///< by which the process notes itself
};

struct spawned_process {
  int pid = 0;
  /// Its pidfd, and our ends of its output and channels, non-blocking, as far as it has them. With a terminal `input`
  /// is our side of it, and nobody writes to `out` yet.
  holdings held;
};

struct spawn_failure {
  wire::spawn_stage stage = wire::spawn_stage::process;
  int os_errno = 0;
};

/// Starts it and returns when exec has succeeded or a step has failed; a failed child is reaped here, so that its end
/// never looks like the exit of a process. The descriptors 0, 1 and 2 of the caller must be open; all its other
/// descriptors must be close-on-exec. The calling thread stops until exec. `on_prepared` is called with everything but
/// the pidfd, right before there is a process.
[[nodiscard]] std::variant<spawned_process, spawn_failure>
spawn(const spawn_request& request, const std::function<void(const holdings&)>& on_prepared = {});

} // namespace alder::os
