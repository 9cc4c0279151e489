// All commands of `alder`: found by name, listed, explained, run.
#pragma once

#include "cli/commands/command.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

/// In the order of help, group by group.
[[nodiscard]] std::span<const command_info> all_commands();
/// By name or alias; nullptr: there is none.
[[nodiscard]] const command_info* find_command(std::string_view name);
/// Names and aliases.
[[nodiscard]] std::vector<std::string> command_names();
[[nodiscard]] std::string_view title_of(command_group group);

/// What `alder` alone prints.
[[nodiscard]] std::string overview(const look& on);
/// `alder COMMAND --help`.
[[nodiscard]] std::string help_for(const look& on, const command_info& command);
/// docs/commands.md, Markdown.
[[nodiscard]] std::string command_reference();

/// Runs what the session's command line wants.
exit_code run_wanted(session& s);

} // namespace alder::cli
