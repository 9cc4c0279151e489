#include "cli/commands/command_table.hpp"

#include "runtime/base/text.hpp"

namespace alder::cli {
namespace {

exit_code run_help(session& s) {
  if (s.wanted().words.empty()) {
    (void)s.print(overview(s.out()));
    return s.end_code();
  }
  const auto& name = s.wanted().words.front();
  if (const auto* command = find_command(name)) {
    (void)s.print(help_for(s.out(), *command));
    return s.end_code();
  }
  std::vector<std::string> help{"list all commands: alder help"};
  if (const auto near = nearest(name, command_names())) help.insert(help.begin(), "did you mean '" + *near + "'?");
  return s.fail({.code = exit_code::usage, .what = "unknown command '" + name + "'", .help = help, .diagnostics = {}});
}

} // namespace

command_info help_command() {
  return {.name = "help",
          .group = command_group::daemon,
          .usage = "[COMMAND]",
          .summary = "show help for a command",
          .most_words = 1,
          .examples = {"alder help logs"},
          .run = run_help};
}

} // namespace alder::cli
