#include "runtime/config/program_check.hpp"

#include <string>
#include <variant>
#include <vector>

namespace alder::config {
namespace {

using command_line = std::vector<std::string>;

class program_check {
public:
  program_check(context& in, const service_spec& service) : in_(in), service_(service) {}

  void look_at(const command_line& command, const field* key) {
    if (command.empty() || command.front().empty() || key == nullptr) return;
    const auto path = service_.environment.find("PATH");
    const bool has_path = path != service_.environment.end() && !path->second.empty();
    const auto& name = command.front();
    if (!has_path && name.find('/') == std::string::npos) return; // it is looked for where nobody can know
    const auto trouble =
        in_.from.here->program_trouble_with(name, has_path ? path->second : std::string{}, service_.cwd);
    if (!trouble) return;
    std::vector<std::string> help;
    if (trouble->nearest) help.push_back("did you mean '" + *trouble->nearest + "'?");
    help.emplace_back("ignore this if something makes it before '" + service_.name + "' starts");
    in_.mistakes.add(code::no_program, key->value->where, trouble->cause,
                     {"it cannot be started now", std::move(help)});
  }

  void look_at_check(const check_spec& check, const field* key) {
    if (const auto* exec = std::get_if<ready_exec>(&check)) look_at(exec->command, key);
  }

private:
  context& in_;
  const service_spec& service_;
};

} // namespace

void warn_about_programs(context& in, const fields& keys, const service_spec& service) {
  const auto* here = in.from.here.get();
  if (here == nullptr || here->was_accepted || !here->program_trouble_with) return;
  program_check check{in, service};
  check.look_at(service.command, keys.find("command")); // with 'shell: true' that is the shell
  check.look_at_check(service.ready.check, keys.find("ready"));
  if (service.health) check.look_at_check(service.health->check, keys.find("health"));
  const auto& hooks = service.hooks;
  for (const auto* hook : {&hooks.before_start, &hooks.after_start, &hooks.before_stop, &hooks.after_exit})
    check.look_at(*hook, keys.find("hooks"));
  for (const auto& step : service.stop.steps)
    if (const auto* command = std::get_if<command_line>(&step.how)) check.look_at(*command, keys.find("stop"));
}

} // namespace alder::config
