// Why something was started or stopped: the answer to "what happened?" that follows every event.
#pragma once

#include "alder/exit_status.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder {

/// Counts the processes of one child, from 1. Messages about an older one than the current are dropped.
using generation = std::uint32_t;

/// Why an exit happened, as far as supervision cares (SUPERVISION: clean is normal, shutdown or shutdown_term).
struct exit_reason {
  enum class kind : std::uint8_t {
    normal,        ///< ended by itself, cleanly
    shutdown,      ///< ended on request, or by SIGTERM, SIGINT, SIGHUP; a supervisor: gave up or shut itself down
    shutdown_term, ///< OTP's {shutdown, Term}: like shutdown
    killed,        ///< killed after its stop timeout, or by SIGKILL at once
    crash,         ///< anything else
  };
  kind what = kind::crash;
  std::optional<exit_status> status; ///< of the OS process, when there was one
  std::string detail;                ///< for people: "exited with code 1", "gave up: 4 restarts within 5s"
  bool gave_up = false;              ///< a supervisor that reached its intensity: clean, but not finished
  bool is_final = false;             ///< not to be restarted, whatever the restart kind says

  bool operator==(const exit_reason&) const = default;
};

/// Whether OTP calls this exit clean.
[[nodiscard]] constexpr bool is_clean(const exit_reason& r) {
  return r.what == exit_reason::kind::normal || r.what == exit_reason::kind::shutdown ||
         r.what == exit_reason::kind::shutdown_term;
}

/// Why a child is started, stopped or restarted.
struct cause {
  enum class kind : std::uint8_t {
    tree_start,     ///< its supervisor starts
    own_exit,       ///< it ended by itself; `detail` says how
    sibling_exit,   ///< `origin` ended by itself and the strategy takes this child along
    failed_attempt, ///< an earlier start attempt (of `origin`) failed and is tried again
    request,        ///< a person or program asked for it
    tree_stop,      ///< its supervisor stops
    gave_up,        ///< its supervisor gave up because of `origin`
    auto_shutdown,  ///< its supervisor shut itself down because `origin` ended
    start_unwound,  ///< a later sibling (`origin`) failed to start, so the whole start is undone
    adopted,        ///< it was running already when the daemon started
    schedule,       ///< its time has come; `detail` says by which rule
    file_change,    ///< a file that is watched for it changed: `detail`
  };
  kind what = kind::tree_start;
  std::string origin;   ///< name of the node where it began; empty when it is the child itself or nobody
  std::string detail;   ///< "exited with code 1"; "connection refused"
  std::string strategy; ///< of the supervisor that decided, when siblings are concerned

  bool operator==(const cause&) const = default;
};

} // namespace alder
