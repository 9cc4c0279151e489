// What is wrong with a configuration, and where: diagnostics, and their text for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

/// One mistake (the tree is refused) or warning (legal, but it bites). Lines and columns count from 1, columns in
/// characters; `end_column` is the one after the last character marked. `line` 0: it concerns the file as a whole.
struct diagnostic {
  enum class level { error, warning } severity = level::error;
  std::string code;    ///< "E012", "W003"; see `explain`
  std::string message; ///< one sentence without a full stop: "invalid value for 'restart'"
  std::string label;   ///< what stands beside the mark in the text; may be empty
  std::string file;    ///< absolute path
  unsigned line = 0;
  unsigned column = 0;
  unsigned end_column = 0;
  std::string snippet; ///< the line of the file, cut off after 1000 bytes
  std::vector<std::string> help;

  bool operator==(const diagnostic&) const = default;
};

/// The diagnostics as text for a terminal, each with its line of the file and a mark under it, and a last line that
/// counts them. Empty for none. `colour`: with ANSI colours.
[[nodiscard]] std::string render(const std::vector<diagnostic>& diagnostics, bool colour);

/// The same in one line each, for commands that do something else.
[[nodiscard]] std::string render_brief(const std::vector<diagnostic>& warnings, bool colour);

/// What a code means and what to do about it, some sentences; nothing for an unknown code.
[[nodiscard]] std::optional<std::string> explain(std::string_view code);

/// All codes there are, errors first; by this tests see that each comes about and is in docs/config.md.
[[nodiscard]] std::vector<std::string> known_codes();

} // namespace alder::config
