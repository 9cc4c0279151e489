#include "cli/commands/command.hpp"

#include "runtime/base/assert.hpp"

#include <algorithm>
#include <array>

namespace alder::cli {
namespace {

struct entry {
  std::string_view name;
  exit_code (*run)(session&);
};

constexpr std::array<entry, 28> entries{{{"add", run_add},
                                         {"apply", run_apply},
                                         {"remove", run_remove},
                                         {"scale", run_scale},
                                         {"check", run_check},
                                         {"daemon", run_daemon},
                                         {"describe", run_describe},
                                         {"down", run_down},
                                         {"events", run_events},
                                         {"run", run_foreground},
                                         {"help", run_help},
                                         {"info", run_info},
                                         {"logs", run_logs},
                                         {"ls", run_ls},
                                         {"msg", run_msg},
                                         {"paths", run_paths},
                                         {"ping", run_ping},
                                         {"reset", run_reset},
                                         {"restart", run_restart},
                                         {"schema", run_schema},
                                         {"send", run_send},
                                         {"signal", run_signal},
                                         {"start", run_start},
                                         {"startup", run_startup},
                                         {"stop", run_stop},
                                         {"tree", run_tree},
                                         {"unstartup", run_unstartup},
                                         {"up", run_up}}};

} // namespace

exit_code run_command(session& s) {
  const auto* command = s.wanted().command;
  if (s.wanted().wants_version) {
    (void)s.print("alder " ALDER_VERSION "\n");
    return s.end_code();
  }
  if (command == nullptr || s.wanted().wants_help) {
    (void)s.print(command == nullptr ? overview(s.out()) : help_for(s.out(), *command));
    return s.end_code();
  }
  const auto* found =
      std::find_if(entries.begin(), entries.end(), [&](const entry& one) { return one.name == command->name; });
  ALDER_ASSERT(found != entries.end());
  return found->run(s);
}

} // namespace alder::cli
