// The output files in the log directory of a daemon, for those who look for them while it does not run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alder::os {

/// DIRECTORY/TREE/SERVICE.out.log or .err.log, as the daemon calls the files of services that do not name their own.
struct kept_log {
  std::string tree;
  std::string service; ///< or what several share
  std::string path;
  std::uint64_t bytes = 0;
  bool is_err = false;
  bool operator==(const kept_log&) const = default;
};

/// All of them, by tree, service and stream, without archives. What cannot be read is left out.
[[nodiscard]] std::vector<kept_log> kept_logs(const std::string& log_dir);

} // namespace alder::os
