// Reads env files: lines NAME=VALUE.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

struct env_line_problem {
  unsigned line = 1;       ///< from 1
  std::string what;        ///< "there is no '='"
  bool is_warning = false; ///< the line was read
};

struct env_variable {
  std::string name;
  std::string value;
  unsigned line = 1;                     ///< from 1
  std::optional<std::string> expandable; ///< of a value in "…" with a "${": the text for `expand`
};

struct env_file {
  std::vector<env_variable> variables;    ///< in order; a later one wins
  std::vector<env_line_problem> problems; ///< at most 20
};

/// Lines are NAME=VALUE, with blanks around and "export" in front allowed, empty, or comments from '#'. A value without
/// quotes ends at a '#' behind a blank, or at the end of the line. In quotes it may have several lines: '…' is literal,
/// in "…" \n, \t, \r, \\, \" and \$ are replaced. Line ends are line feeds, whatever they are in the file. Nothing is
/// expanded. A byte order mark in front is passed over.
[[nodiscard]] env_file parse_env_file(std::string_view text);

} // namespace alder::config
