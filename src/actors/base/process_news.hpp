// What becomes of a process, as whoever looks after it is told. Plain structs: neither the operating system's side nor
// these know actors.
#pragma once

#include "runtime/wire/program_notice.hpp"

#include "alder/event.hpp"
#include "alder/exit_status.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace alder::actors {

struct process_launched {
  int pid = 0;
  bool adopted = false;
  wall_time since{};
  bool waiting = false; ///< adopted, and it was not ready yet
  wall_time due{};      ///< until when it has to be, if it asked for more time
};
struct process_refused {
  std::string detail;
};
/// It is not to run here (OTP's `ignore`): no failure, the child stays down. The conformance stage alone says so: of
/// programs nobody can tell.
struct process_ignored {
  std::string detail;
};
struct process_exited {
  exit_status status;
  std::string kernel_words; ///< what the kernel says about it besides; mostly nothing
};
struct process_members_gone {};
struct readiness_answered {
  bool ready = false;
  std::string detail;
};
/// The answer to a health check.
struct health_check_answered {
  std::uint64_t token = 0;
  bool good = false;
  std::string detail;
};
/// The answer to `process_host::run_hook`.
struct hook_ended {
  std::uint64_t token = 0;
  std::string failure; ///< empty: it succeeded
};
/// The program said something.
struct program_said {
  wire::program_notice what;
  /// Until this is gone the program is not read again: it cannot say more than is handled.
  std::shared_ptr<const void> receipt{};
};

using process_news =
    std::variant<process_launched, process_refused, process_ignored, process_exited, process_members_gone,
                 readiness_answered, health_check_answered, hook_ended, program_said>;

} // namespace alder::actors
