// The command line of alder-keeper.
#pragma once

#include "alder/error.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace alder::keeper {

struct options {
  std::string run_dir;
  std::string state_dir;
  std::string log_dir;
  std::string daemon; ///< absolute path of alderd
  std::vector<std::string> daemon_arguments;
  bool foreground = false;
  int ready_fd = -1; ///< where "ready", "busy" or "error: …" is written once; -1: nowhere
  /// Of a keeper that takes the place of another: the state it reads (exec in place) …
  int resume_fd = -1;
  /// … or the channel of a daemon that has lost its keeper, that daemon's pid, the mark of its processes and its epoch.
  int adopt_fd = -1;
  int daemon_pid = 0;
  std::string mark;
  unsigned epoch = 0;
  std::chrono::seconds watchdog{20}; ///< a daemon that gives no sign of life for so long is replaced; 0: never

  bool operator==(const options&) const = default;
};

/// The file that tells the next keeper the mark of this line, until everything was ended in order.
[[nodiscard]] inline std::string mark_file(const options& of) { return of.run_dir + "/keeper.mark"; }
[[nodiscard]] inline std::string spare_mark_file(const options& of) { return of.state_dir + "/keeper.mark"; }

inline constexpr const char* usage =
    "usage: alder-keeper --run-dir DIR --state-dir DIR --log-dir DIR [--foreground]\n"
    "                    [--ready-fd N] [--watchdog SECONDS] --daemon PATH [-- DAEMON-ARGUMENT...]\n";

/// `arguments` without the program's name. Errors (invalid_input): an unknown option, a missing one, a missing value, a
/// relative path, a ready fd below 3.
[[nodiscard]] result<options> parse_options(std::span<char* const> arguments);

} // namespace alder::keeper
