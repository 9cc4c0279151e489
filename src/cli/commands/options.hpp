// The options of all commands: how each is written, and what help says about it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

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

[[nodiscard]] const option_text& text_of(option id);
/// Those that every command has.
[[nodiscard]] std::span<const option_text> common_options();

} // namespace alder::cli
