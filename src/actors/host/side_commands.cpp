#include "actors/host/side_commands.hpp"

#include "actors/host/start_plan.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/lost_processes.hpp"
#include "runtime/os/orphans.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

namespace alder::actors {
namespace {

bool is_command(const process_id& id) { return id.node.name.find(os::check_mark) != std::string::npos; }

std::string_view suffix(side_commands::purpose why) {
  switch (why) {
  case side_commands::purpose::health: return " health";
  case side_commands::purpose::hook: return " hook";
  case side_commands::purpose::readiness:
  case side_commands::purpose::stop: break;
  }
  return {};
}

} // namespace

void side_commands::run(order what, const service_spec& spec) {
  const auto& subject = what.subject.node;
  const process_id own{{subject.tree, subject.name + os::check_mark + "check"}, ++last_};
  auto launch = launch_beside(own, spec, what.command);
  auto& environment = launch.start.environment;
  if (const auto* process = table_.find(what.subject); process != nullptr && process->alive)
    environment["ALDER_PID"] = std::to_string(process->pid);
  for (const auto& [name, value] : what.environment)
    environment[name] = value;
  environment["ALDER_SERVICE"] = spec.name;
  const auto key = own.node.text() + std::string{suffix(what.why)};
  running_[own] = {std::move(what), 0, false};
  members_.add(own, os::member_table::since::now);
  secrets_.read(key, spec,
                [this, own, launch = std::move(launch)](result<secret_reader::environment> variables) mutable {
                  start(own, std::move(launch), std::move(variables));
                });
}

void side_commands::start(const process_id& own, keeper::launch what, result<secret_reader::environment> variables) {
  const auto found = running_.find(own);
  if (found == running_.end()) return; // nobody wants it any more
  if (found->second.is_cancelled) return finish(own, {});
  if (!variables) return finish(own, variables.failure().message);
  what.start.environment.merge(*variables);
  keeper_.act().spawn(what);
  keeper_.flush();
}

void side_commands::finish(const process_id& own, const std::optional<std::string>& failure) {
  members_.remove(own);
  const auto ended = running_.extract(own);
  if (ended.empty() || ended.mapped().is_cancelled || !ended.mapped().about.answer) return;
  ended.mapped().about.answer(failure);
}

void side_commands::cancel(const process_id& subject, purpose why, std::uint64_t token) {
  for (auto& [own, one] : running_)
    if (one.about.subject == subject && one.about.why == why && one.about.token == token) cancel(own, one);
}

void side_commands::cancel(const process_id& own, running& one) {
  one.is_cancelled = true;
  one.about.answer = nullptr; // whoever asked may end
  end(own, one);
}

void side_commands::end_all_of(const process_id& subject) {
  for (const auto& [own, one] : running_)
    if (one.about.subject == subject && one.about.why != purpose::hook) end(own, one);
}

void side_commands::end(const process_id& own, const running& one) {
  if (one.pid != 0) members_.kill(own); // else it has not started yet, and ends by itself or with everything
}

bool side_commands::on_spawned(const keeper::child& child) {
  const process_id own{child.id, child.gen};
  const auto found = running_.find(own);
  if (found == running_.end()) return is_command(own);
  found->second.pid = child.pid;
  members_.set_main(own, child.pid);
  if (found->second.is_cancelled && found->second.about.why == purpose::hook) end(own, found->second); // it is too late
  return true;
}

bool side_commands::on_spawn_failed(const process_id& own, const std::string& why) {
  if (running_.count(own) > 0) finish(own, "its command could not start: " + why);
  return is_command(own);
}

bool side_commands::on_exited(const process_id& own, const exit_status& status) {
  const auto found = running_.find(own);
  if (found == running_.end()) return is_command(own);
  keeper_.act().acknowledge(own.node, own.generation);
  // What a command has left running in the background is nobody's: no stop of the service would find it.
  end(own, found->second);
  const bool good = status == exit_status::code(0);
  const auto words = "its command " + shell_quote(found->second.about.command) + " " + phrase(status);
  finish(own, good ? std::nullopt : std::optional{words});
  return true;
}

bool side_commands::take(const keeper::child& child) {
  const process_id own{child.id, child.gen};
  if (!is_command(own)) return false;
  last_ = std::max(last_, own.generation);
  if (child.exited) {
    keeper_.act().acknowledge(own.node, own.generation);
    return true;
  }
  running_[own] = {{}, child.pid, false};
  members_.add(own, os::member_table::since::before);
  members_.set_main(own, child.pid);
  (void)keeper_.gate().signal(child.held[holding::pidfd], SIGKILL); // its exit is acknowledged when it comes
  return true;
}

bool side_commands::end_lost(const process_id& own, int pid, std::uint64_t start_ticks) {
  if (!is_command(own)) return false;
  last_ = std::max(last_, own.generation);
  if (running_.count(own) > 0) return true; // the keeper was told of it
  const auto pidfd = os::open_same_process(pid, start_ticks);
  if (pidfd) (void)keeper_.gate().signal(*pidfd, SIGKILL); // it may end by itself meanwhile
  return true;
}

} // namespace alder::actors
