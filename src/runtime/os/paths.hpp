// Where a daemon lives: its directories and its socket, the same for the daemon, the keeper and the command line.
#pragma once

#include "alder/error.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace alder::os {

/// A socket path must fit into sockaddr_un with its terminator.
inline constexpr std::size_t max_socket_path = 107;

/// The home of one daemon. All paths are absolute.
struct locations {
  std::string run_dir;   ///< socket and lock
  std::string state_dir; ///< journal, the daemon's and the keeper's own logs
  std::string log_dir;   ///< output of services
  std::string socket;    ///< in run_dir

  bool operator==(const locations&) const = default;
};

/// What decides the locations.
struct surroundings {
  unsigned uid = 0;
  std::string cwd; ///< absolute; a relative ALDER_HOME starts here
  std::map<std::string, std::string> environment;
};

/// ALDER_HOME overrides all (H/run, H/state, H/log); else root has /run/alder, /var/lib/alder and /var/log/alder, and a
/// user $XDG_RUNTIME_DIR/alder (or /tmp/alder-UID) and ${XDG_STATE_HOME:-$HOME/.local/state}/alder, with its logs in
/// `log` there. Relative XDG directories are ignored, as their specification asks. Errors (invalid_input): a user
/// without XDG_STATE_HOME and HOME; a socket path of more than max_socket_path bytes.
[[nodiscard]] result<locations> locate(const surroundings& from);

/// A home of its own beside `base`, for a daemon that serves one foreground run: `run-PID` in each directory. Error
/// (invalid_input): the socket path is too long.
[[nodiscard]] result<locations> private_locations(const locations& base, int pid);

/// Removes a home of private_locations with all that is in it; of any other, nothing.
void remove_private_home(const locations& home);

/// For a client: whether a socket in `path` can be trusted. A missing directory can. Errors: denied (it belongs to
/// another user, others can write to it, or a link of somebody else leads there), invalid_input (it is no directory).
[[nodiscard]] outcome check_private_directory(const std::string& path);

} // namespace alder::os
