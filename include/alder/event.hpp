// Everything the daemon announces; `alder events` and the event stream show these.
#pragma once

#include "alder/cause.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace alder {

using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

enum class event_kind : std::uint8_t {
  starting,        ///< a start attempt begins
  started,         ///< the program runs (service) or all children do (supervisor); ready, if readiness is checked
  start_failed,    ///< the attempt failed; `cause.detail` says how
  exited,          ///< a process ended by itself
  restart_planned, ///< it will be restarted, after `delay`
  stopping,        ///< it was asked to stop
  stopped,         ///< it is down because it was asked to
  finished,        ///< it ended and is not to be restarted
  gave_up,         ///< a supervisor reached its restart intensity
  tree_failed,     ///< the root gave up or could not start
  tree_removed,    ///< `alder down` is complete
  adopted,         ///< a running process was taken over after the daemon had been away
  resumed,         ///< what was under way when the daemon ended is finished; `cause.detail`: "restart" or "stop"
  daemon_started,  ///< the daemon is there (again)
  failed,          ///< a service is not restarted any more: a fatal exit code, or too many unstable starts
  message,         ///< a program said something over its channel
  daemon_stopping, ///< it was asked to end
  queued,          ///< a change of a tree waits until an earlier one of it is complete
  warning,         ///< something people should know: log file not writable, process that does not die …
};

struct event {
  std::uint64_t seq = 0; ///< increases by one with every event of a home, also over restarts of the daemon
  wall_time at{};
  event_kind kind = event_kind::warning;
  std::string tree; ///< empty: the daemon itself
  std::string name; ///< of the node in its tree; empty: the daemon itself
  int pid = 0;      ///< 0: none
  alder::generation generation = 0;
  std::optional<exit_status> status;
  std::chrono::milliseconds delay{0}; ///< of restart_planned
  alder::cause cause;
};

} // namespace alder
