// Every command of `alder`: its names, options, help and examples. One table for parsing, help and suggestions.
#pragma once

#include "cli/common/look.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

enum class option : std::uint8_t {
  follow,
  file,
  detach,
  keep_going,
  exit_code_from,
  all_trees,
  tail,
  out,
  err,
  all,
  watch,
  show_env,
  no_prefix,
  raw,
  show,
  since,
  until,
  grep,
  previous,
  name,
  cwd,
  restart,
  timeout,
  no_wait,
  socket,
  run_dir,
  state_dir,
  log_dir,
  resurrect,
  print,
  dry_run,
  start_added,
  stop_removed,
  restart_changed,
  sync,
  explain,
  take_environment,
  force,
};

struct option_text {
  std::string_view flags; ///< "-f,--follow"
  std::string_view value; ///< what its value is called; empty: a switch
  std::string_view help;
};

struct command_info {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view group;
  std::string_view usage; ///< after "alder NAME "
  std::string_view summary;
  std::vector<option> options;
  unsigned least_words = 0; ///< arguments that are no options
  unsigned most_words = 0;
  std::vector<std::string_view> examples;
};

[[nodiscard]] std::span<const command_info> all_commands();
[[nodiscard]] std::span<const option_text> common_options();
[[nodiscard]] const option_text& text_of(option id);
/// By name or alias; nullptr: there is none.
[[nodiscard]] const command_info* find_command(std::string_view name);
/// Names and aliases.
[[nodiscard]] std::vector<std::string> command_names();

/// What `alder` alone prints.
[[nodiscard]] std::string overview(const look& on);
/// docs/commands.md, Markdown.
[[nodiscard]] std::string command_reference();
/// `alder COMMAND --help`.
[[nodiscard]] std::string help_for(const look& on, const command_info& command);

} // namespace alder::cli
