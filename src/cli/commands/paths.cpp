#include "cli/commands/command.hpp"

#include <utility>

namespace alder::cli {
namespace {

exit_code run_paths(session& s) {
  const auto& where = s.setup().where;
  const std::vector<std::pair<std::string, std::string>> all{
      {"socket", where.socket}, {"run", where.run_dir}, {"state", where.state_dir}, {"log", where.log_dir}};
  if (s.wanted().json) {
    (void)s.print(strings_json(all) + "\n");
    return s.end_code();
  }
  for (const auto& [name, path] : all) {
    const bool is_alone = s.wanted().path_part == name;
    if (!is_alone && !s.wanted().path_part.empty()) continue;
    (void)s.print((is_alone ? "" : pad(name, 8)) + path + "\n");
  }
  return s.end_code();
}

} // namespace

command_info paths_command() {
  return {.name = "paths",
          .group = command_group::daemon,
          .summary = "show where the socket, state and logs are",
          .options = {option::socket, option::run_dir, option::state_dir, option::log_dir},
          .examples = {"curl --unix-socket \"$(alder paths --socket)\" http://alder/v1/services"},
          .run = run_paths};
}

} // namespace alder::cli
