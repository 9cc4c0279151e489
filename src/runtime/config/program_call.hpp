// Which program a command becomes, whatever stands before it.
#pragma once

#include <string>
#include <vector>

namespace alder::config {

/// Without `env A=1`, `nice`, `exec` and the like before it; the module of `python3 -m`, the last command of `sh -c`.
struct program_call {
  std::string name; ///< without its directory; empty: not known
  std::vector<std::string> arguments;
  /// A shell that does not become another program stays its parent: dash, for want of an `exec`. Not told of a script
  /// that is more than a list of commands.
  bool behind_shell = false;
};

[[nodiscard]] program_call program_of(const std::vector<std::string>& command);

} // namespace alder::config
