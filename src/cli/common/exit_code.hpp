// The exit codes of `alder`, the same for every command.
#pragma once

namespace alder::cli {

enum class exit_code : int {
  ok = 0,
  failed = 1,
  usage = 2, ///< the command line or a configuration is wrong
  no_such_node = 4,
  no_daemon = 5,
  timed_out = 6,
  denied = 7,
  interrupted = 130, ///< SIGINT
  terminated = 143,  ///< SIGTERM
};

} // namespace alder::cli
