// From the words of the command line to what is wanted.
#pragma once

#include "cli/common/failure.hpp"
#include "cli/common/invocation.hpp"

#include <string>
#include <variant>
#include <vector>

namespace alder::cli {

inline constexpr unsigned max_tail = 100000;

/// Reads the words after the program's name. A failure is always exit_code::usage.
[[nodiscard]] std::variant<invocation, failure> parse_command_line(const std::vector<std::string>& words);

} // namespace alder::cli
