// What a command line asks for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace alder::cli {

struct command_info;

/// What is wanted. Options a command does not have keep their defaults.
struct invocation {
  const command_info* command = nullptr; ///< nullptr: `alder` alone
  std::vector<std::string> words;        ///< names, files, patterns
  std::vector<std::string> program;      ///< after "--", for `start`
  bool wants_help = false;
  bool wants_version = false;
  bool json = false;
  bool quiet = false;
  bool no_colour = false;

  std::string file; ///< of -f, which is also the first of `words`
  bool keep_going = false;
  std::string exit_code_from;
  bool follow = false;
  std::optional<unsigned> tail;
  std::string stream; ///< "", "out" or "err"
  bool all = false;
  bool watch = false;
  bool show_env = false;
  bool no_prefix = false;
  bool raw = false;
  std::string show; ///< "", "prefixed", "raw" or "none"
  bool previous = false;
  std::string since; ///< as written
  std::string until;
  std::string grep;
  bool dry_run = false;
  bool explain = false;
  bool start_added = false;
  bool stop_removed = false;
  bool restart_changed = false;
  bool take_environment = false;
  bool force = false;
  bool resurrect = false;
  bool print = false;
  std::string name;
  std::string cwd;
  std::string restart; ///< as the API spells it
  std::optional<std::chrono::milliseconds> timeout;
  bool no_wait = false;
  std::string path_part; ///< "", "socket", "run", "state" or "log"
};

} // namespace alder::cli
