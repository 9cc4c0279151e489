// The configuration file a command means, read and checked here, before any daemon is asked.
#pragma once

#include "cli/common/failure.hpp"

#include "runtime/config/load_tree.hpp"
#include "runtime/os/paths.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

namespace alder::cli {

/// No configuration is larger.
inline constexpr std::size_t max_config = std::size_t{1024} * 1024;

struct project {
  std::string file; ///< absolute
  std::string text;
  config::loaded loaded;
};

/// alder.yaml, alder.yml or alder.json in the working directory or the nearest above.
[[nodiscard]] std::optional<std::string> find_project_file(const os::surroundings& around);

/// Reads and checks `file` (empty: the project's). Mistakes in it are in `loaded`; failures are: no file, not readable.
[[nodiscard]] std::variant<project, failure> open_project(const std::string& file, const os::surroundings& around,
                                                          int keeper = 0);

/// Whether a command's argument is a file rather than a name: it has a slash or ends like a configuration, and exists.
[[nodiscard]] bool names_a_file(const std::string& word, const os::surroundings& around);

} // namespace alder::cli
