// What the keeper bridge finds out about processes: readiness, health, usage, and the commands it runs for them.
#include "actors/edge/keeper_bridge.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/usage.hpp"

#include <caf/all.hpp>

#include <utility>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds readiness_patience{2000}; // for one attempt over the network
/// A file counts as written after the start although the clock of file systems is coarser than ours.
constexpr std::chrono::milliseconds file_time_slack{100};

} // namespace

void keeper_bridge::check_ready(const process_id& id, const service_spec& spec) {
  try_check(spec.ready.check, id, spec, readiness_patience, std::nullopt);
}

void keeper_bridge::check_health(const process_id& id, const service_spec& spec, std::uint64_t token) {
  try_check(spec.health->check, id, spec, spec.health->timeout, token);
}

void keeper_bridge::try_check(const check_spec& wanted, const process_id& id, const service_spec& spec,
                              std::chrono::milliseconds patience, std::optional<std::uint64_t> health) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const auto answer = [who = found->second.owner, health](const os::probe_answer& failure) {
    if (!who) return;
    if (health) return caf::anon_send(who, health_check_answered{*health, !failure, failure.value_or("")});
    caf::anon_send(who, readiness_answered{!failure, failure.value_or("")});
  };
  if (const auto* tcp = std::get_if<ready_tcp>(&wanted)) {
    os::probe_tcp(loop_, *tcp, patience, answer);
  } else if (const auto* http = std::get_if<ready_http>(&wanted)) {
    os::probe_http(loop_, *http, patience, answer);
  } else if (const auto* exec = std::get_if<ready_exec>(&wanted)) {
    spawn_command(exec->command, spec,
                  {.subject = id, .pid = 0, .command = shell_quote(exec->command), .health = health});
  } else if (const auto* file = std::get_if<ready_file>(&wanted)) {
    const auto facts = os::facts_of(file->path);
    if (!facts) return answer(file->path + " is not there");
    const bool is_new = facts->modified + file_time_slack >= found->second.started;
    answer(is_new ? os::probe_answer{} : os::probe_answer{file->path + " is older than the process"});
  }
}

void keeper_bridge::run_command(const process_id& id, const service_spec& spec,
                                const std::vector<std::string>& command) {
  spawn_command(command, spec,
                {.subject = id, .pid = 0, .command = shell_quote(command), .health = {}, .is_asked = false});
}

void keeper_bridge::spawn_command(const std::vector<std::string>& command, const service_spec& spec, check&& about) {
  const auto& subject = about.subject;
  const process_id own{subject.node + "#check", ++last_check_};
  keeper::launch what;
  what.id = own.node;
  what.gen = own.generation;
  what.command = command;
  what.cwd = spec.cwd;
  what.umask = spec.umask;
  what.attributes.who = spec.attributes.who;
  what.capture = false;
  if (const auto found = records_.find(subject); found != records_.end() && found->second.alive)
    what.environment["ALDER_PID"] = std::to_string(found->second.pid);
  checks_[own] = std::move(about);
  auto environment = environment_with_secrets(spec);
  if (!environment) return answer_check(own, environment.failure().message);
  what.environment.merge(*environment);
  what.environment["ALDER_SERVICE"] = spec.name;
  client_->spawn(what);
  flush();
}

void keeper_bridge::answer_check(const process_id& own, const std::optional<std::string>& failure) {
  const auto ended = checks_.extract(own);
  if (ended.empty() || !ended.mapped().is_asked) return;
  const auto& asked = ended.mapped();
  const auto found = records_.find(asked.subject);
  if (found == records_.end() || !found->second.owner) return;
  const auto& who = found->second.owner;
  if (asked.health) return caf::anon_send(who, health_check_answered{*asked.health, !failure, failure.value_or("")});
  caf::anon_send(who, readiness_answered{!failure, failure.value_or("")});
}

void keeper_bridge::cancel_health(const process_id& id) {
  for (auto& [own, running] : checks_) {
    if (running.subject != id || !running.health) continue;
    running.is_asked = false;
    end_check(own, running);
  }
}

/// A command that hangs must not outlive the process it asks about.
void keeper_bridge::end_checks_of(const process_id& subject) {
  for (const auto& [own, running] : checks_)
    if (running.subject == subject) end_check(own, running);
}

void keeper_bridge::end_check(const process_id& own, const check& running) const {
  if (running.pid == 0) return; // it has not started yet, and ends by itself or with everything
  os::kill_members(
      {client_->keeper_pid(), running.pid, client_->member_marker(own.node, own.generation), strangers(running.pid)});
}

process_sample keeper_bridge::sample(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return {};
  std::vector<int> pids;
  for (const auto& member : os::members(membership_of(id, found->second)))
    pids.push_back(member.pid);
  const auto used = os::usage_of(pids);
  return {used.memory, used.cpu_time};
}

} // namespace alder::actors
