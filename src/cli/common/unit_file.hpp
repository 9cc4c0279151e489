// The systemd unit that starts Alder with the machine. Pure.
#pragma once

#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

#include <string>

namespace alder::cli {

struct unit_place {
  bool for_user = false; ///< a unit of the user's own systemd
  std::string directory; ///< absolute
  std::string file;      ///< in it
};
/// /etc/systemd/system for root, else $XDG_CONFIG_HOME/systemd/user or ~/.config/systemd/user. Error (invalid_input): a
/// user without XDG_CONFIG_HOME and HOME.
[[nodiscard]] result<unit_place> place_of_unit(const os::surroundings& around);

/// `alder` is the absolute path of the command. PATH and ALDER_HOME of `around` are written down, for services are
/// started with them.
[[nodiscard]] std::string unit_text(const std::string& alder, const os::surroundings& around);

} // namespace alder::cli
