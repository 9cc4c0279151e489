// Reads env files: lines NAME=VALUE.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::config {

struct env_line_problem {
  unsigned line = 1; ///< from 1
  std::string what;  ///< "there is no '='"
};

struct env_file {
  std::vector<std::pair<std::string, std::string>> variables; ///< in order; a later one wins
  std::vector<env_line_problem> problems;                     ///< at most 20
};

/// Lines are NAME=VALUE, with blanks around and "export " in front allowed, empty, or comments from '#'. A value
/// without quotes ends at " #" or the end of the line; '…' is literal; in "…" \n, \t, \\, \" and \$ are replaced.
/// Nothing is expanded.
[[nodiscard]] env_file parse_env_file(std::string_view text);

/// Whether a text can be the name of an environment variable in an env file: letters, digits, '_', '.', '-', no digit
/// first.
[[nodiscard]] bool is_env_file_name(std::string_view name);

} // namespace alder::config
