// How the end of a service's process is seen by supervision: what its status says, and what else is known of it.
#pragma once

#include "alder/cause.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <optional>
#include <string>

namespace alder::policy {

/// What is known of the end of a process, as it comes to be known.
struct process_end {
  std::optional<exit_status> status;       ///< of the main process, when it has ended
  std::string kernel_words;                ///< why, if the kernel says so
  bool asked = false;                      ///< somebody asked for it
  std::optional<forced_end> forced;        ///< it was ended for this reason, unasked
  std::optional<std::string> killed_after; ///< it got SIGKILL when it had had this time to stop
};

/// By its status alone, when nobody asked for it (docs/supervision.md, "Decide whether a child is restarted").
[[nodiscard]] exit_reason classify_exit(const service_spec& spec, exit_status status);

/// By its status and the words about it; only when there is a status.
[[nodiscard]] exit_reason seen_as(const service_spec& spec, const process_end& end);

/// By all that is known; only when there is a status. `rules`: by which it was stopped.
[[nodiscard]] exit_reason reason_of(const service_spec& spec, const stop_spec& rules, const process_end& end);

/// What is worth a warning about an end that was asked for, because it was a fault of the program; none: nothing.
[[nodiscard]] std::optional<std::string> fault_in_stop(const service_spec& spec, const process_end& end);

} // namespace alder::policy
