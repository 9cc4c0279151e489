// With whose rights output files are made: the mode and the owner that the rules of a service ask for.
#pragma once

#include "runtime/os/safe_open.hpp"

#include "alder/log_spec.hpp"

#include <optional>

namespace alder::logs {

class log_access {
public:
  explicit log_access(const log_spec& rules) : mode_(rules.mode), owner_(rules.owner) {}

  /// How a file is opened; missing directories are made with 0700.
  [[nodiscard]] os::write_access to(os::write_access::sort what) const;
  /// Gives the owner a file that was opened so and is empty. One that was there already and whose name others can
  /// change may be anybody's: it stays whose it is.
  void give(const os::opened_file& empty) const;

private:
  unsigned mode_;
  decltype(log_spec::owner) owner_;
};

} // namespace alder::logs
