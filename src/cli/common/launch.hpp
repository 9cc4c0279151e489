// Makes sure that a daemon runs: starts a keeper, which starts the daemon, unless somebody was faster.
#pragma once

#include "cli/common/daemon_watch.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace alder::cli {

/// A keeper says "ready" within this time, and one that another command started answers within it.
inline constexpr std::chrono::milliseconds ready_deadline{15000};
inline constexpr std::chrono::milliseconds busy_deadline{10000};

struct programs {
  std::string keeper;
  std::string daemon;
};

/// alder-keeper and alderd: in `own_directory`, else in the PATH of `around`. Error: which is missing, and where was
/// looked.
[[nodiscard]] result<programs> find_programs(const std::string& own_directory, const os::surroundings& around);

enum class keeper_mode { detached, foreground };
/// Whether trees that were up before the machine went down come up with the new daemon.
enum class former_trees { down, up };
[[nodiscard]] std::vector<std::string> keeper_command(const programs& found, const os::locations& where,
                                                      keeper_mode mode, former_trees trees = former_trees::down);

/// What a new keeper said.
enum class keeper_word { ready, busy };
/// Waits for it; a daemon that has not become ready by then is looked after by the keeper, and `watch` tells so.
/// Errors: unavailable, with what the keeper said ("error: TEXT"), or that it said nothing.
[[nodiscard]] result<keeper_word> hear(const os::background_program& keeper, const os::locations& where,
                                       daemon_watch& watch);

/// Whether a daemon answers at the socket, at once; with `watch`, one that hangs is replaced meanwhile.
[[nodiscard]] bool is_answering(const std::string& socket, daemon_watch* watch = nullptr);

/// Returns when a daemon answers. Of several callers on a fresh home one starts it, by the keeper's lock. Errors:
/// denied (the directory is another user's), unavailable (it could not be started, and why).
[[nodiscard]] outcome ensure_daemon(const os::locations& where, const os::surroundings& around, daemon_watch& watch,
                                    former_trees trees = former_trees::down);

} // namespace alder::cli
