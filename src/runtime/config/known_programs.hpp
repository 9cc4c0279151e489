// What is known of stopping programs: which signal lets them finish their requests, and how long that takes. The data
// is the table in known_programs.cpp.
#pragma once

#include "alder/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

/// A program that does not stop well with SIGTERM and 10 s.
struct known_program {
  std::vector<std::string_view> names; ///< of its executable or module; a version may follow: php-fpm8.2
  std::string_view argument;           ///< one of its arguments; empty: whatever they are
  std::string_view measured;           ///< the version these facts were measured with, on Debian 12
  enum class trouble : std::uint8_t {
    cuts,    ///< these signals cut what it is doing
    no_stop, ///< these signals do not end it
    slow,    ///< it may need more time
  } what = trouble::cuts;
  std::vector<int> signals; ///< of cuts and no_stop
  milliseconds needs{0};    ///< of slow: so long a stop can take; 0: it says so itself, over NOTIFY_SOCKET
  std::string_view fact;    ///< after "program "
  std::string_view line;    ///< what to write
};

[[nodiscard]] const std::vector<known_program>& known_programs();

/// Advice about how `service` is stopped; nothing if no problem is known. `is_own_signal`: its `stop` names a signal.
/// That is a decision of the user and is accepted, unless the signal does not stop the program at all.
struct stop_advice {
  std::string message;
  std::string label;
  std::string help;
};
[[nodiscard]] std::optional<stop_advice> advise_stop(const service_spec& service, bool is_own_signal);

} // namespace alder::config
