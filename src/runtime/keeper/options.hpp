// The command line of alder-keeper.
#pragma once

#include "alder/error.hpp"

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

  bool operator==(const options&) const = default;
};

inline constexpr const char* usage = "usage: alder-keeper --run-dir DIR --state-dir DIR --log-dir DIR [--foreground]\n"
                                     "                    [--ready-fd N] --daemon PATH [-- DAEMON-ARGUMENT...]\n";

/// `arguments` without the program's name. Errors (invalid_input): an unknown option, a missing one, a missing value, a
/// relative path, a ready fd below 3.
[[nodiscard]] result<options> parse_options(std::span<char* const> arguments);

} // namespace alder::keeper
