// What is executed, whole: the one value that goes from the specification of a service through the keeper to exec.
#pragma once

#include "alder/attributes.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder {

/// No text holds a NUL byte.
struct program_start {
  std::vector<std::string> command{}; ///< program and arguments; with `shell: true` {"/bin/sh", "-c", text}
  std::map<std::string, std::string> environment{};
  std::string cwd{};               ///< absolute; empty: the keeper's
  std::string stdin_file{};        ///< absolute path; empty: /dev/null
  std::optional<unsigned> umask{}; ///< 0 to 0777; none: the keeper's
  process_attributes attributes{};
  bool operator==(const program_start&) const = default;
};

} // namespace alder
