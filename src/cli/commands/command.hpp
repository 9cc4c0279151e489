// A command of `alder`: what its file says about it, and the list of all.
#pragma once

#include "cli/commands/options.hpp"
#include "cli/common/session.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace alder::cli {

/// The headings of help, in its order.
enum class command_group : std::uint8_t { trees, services, inspection, configuration, daemon };

inline constexpr unsigned any_number = std::numeric_limits<unsigned>::max();

/// All there is to know about a command; parsing, help, suggestions and docs/commands.md are made from it.
struct command_info {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  command_group group;
  std::string_view usage = {}; ///< after "alder NAME "
  std::string_view summary;
  std::vector<option> options = {};
  unsigned least_words = 0; ///< arguments that are no options
  unsigned most_words = 0;
  std::vector<std::string_view> examples;
  bool takes_program = false; ///< what follows "--" is a program with its arguments, not more words
  /// What is wrong with the words of a command line beyond their number.
  std::optional<failure> (*check)(const invocation&) = nullptr;
  /// Does the work and returns the exit code. A reference, so that a command without it does not compile.
  exit_code (&run)(session&);
};

// Every command, in the order of help. To add one: its name here, and a file that defines NAME_command(); without that
// nothing links.
// clang-format off
#define ALDER_COMMANDS(row) \
  row(up) \
  row(down) \
  row(apply) \
  row(run) \
  row(start) \
  row(stop) \
  row(restart) \
  row(signal) \
  row(reset) \
  row(msg) \
  row(send) \
  row(scale) \
  row(add) \
  row(remove) \
  row(ls) \
  row(tree) \
  row(describe) \
  row(logs) \
  row(events) \
  row(check) \
  row(schema) \
  row(ping) \
  row(info) \
  row(paths) \
  row(daemon) \
  row(startup) \
  row(unstartup) \
  row(help)
// clang-format on

#define ALDER_DECLARE(name) [[nodiscard]] command_info name##_command();
ALDER_COMMANDS(ALDER_DECLARE)
#undef ALDER_DECLARE

} // namespace alder::cli
