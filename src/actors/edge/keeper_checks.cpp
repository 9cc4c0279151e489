// What the keeper bridge finds out about processes: readiness, health, usage, and the commands it runs for them.
#include "actors/edge/keeper_bridge.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/descendants.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/usage.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds readiness_patience{2000}; // for one attempt over the network
/// A file counts as written after the start although the clock of file systems is coarser than ours.
constexpr std::chrono::milliseconds file_time_slack{100};
/// Processor time is counted from the last look if that was so long ago.
constexpr std::chrono::milliseconds shortest_look{500};
constexpr std::chrono::minutes longest_look{1};

bool is_unchanged(const os::file_facts& before, const os::file_facts& now) {
  return before.modified == now.modified && before.inode == now.inode && before.device == now.device &&
         before.size == now.size;
}

/// Processors used since the last look, or since the start.
double processors_used(wall_time looked_at, std::chrono::milliseconds looked_cpu, wall_time started, wall_time now,
                       std::chrono::milliseconds cpu) {
  std::chrono::duration<double> elapsed = now - looked_at;
  if (now - looked_at > longest_look || now - looked_at < std::chrono::milliseconds{50}) {
    elapsed = now - started;
    looked_cpu = {};
  }
  const std::chrono::duration<double> worked = cpu - looked_cpu; // less than 0 when one of its processes has ended
  return elapsed.count() <= 0 ? 0 : std::max(0.0, worked / elapsed);
}

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
    os::probe_http(loop_, logs_.matching(), *http, patience, answer);
  } else if (const auto* exec = std::get_if<ready_exec>(&wanted)) {
    spawn_command(exec->command, spec,
                  {.subject = id, .pid = 0, .command = shell_quote(exec->command), .health = health});
  } else if (const auto* file = std::get_if<ready_file>(&wanted)) {
    const auto facts = os::facts_of(file->path);
    if (!facts) return answer(file->path + " is not there");
    const auto& r = found->second;
    const bool is_ready_file = !health && r.knows_former_file;
    const bool is_new = is_ready_file ? !r.former_file || !is_unchanged(*r.former_file, *facts)
                                      : facts->modified + file_time_slack >= std::min(r.told_start, r.started);
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
  for (const auto& [name, value] : checks_[own].environment)
    what.environment[name] = value;
  what.environment["ALDER_SERVICE"] = spec.name;
  client_->spawn(what);
  flush();
}

void keeper_bridge::answer_check(const process_id& own, const std::optional<std::string>& failure) {
  const auto ended = checks_.extract(own);
  if (ended.empty() || !ended.mapped().is_asked) return;
  const auto& asked = ended.mapped();
  if (asked.hook) return caf::anon_send(asked.hook_owner, hook_ended{*asked.hook, failure.value_or("")});
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
    if (running.subject == subject && !running.hook) end_check(own, running);
}

void keeper_bridge::run_hook(const process_id& id, const service_spec& spec, const hook_run& what, process_actor who) {
  check about{.subject = id, .pid = 0, .command = shell_quote(what.command), .health = {}};
  about.hook = what.token;
  about.hook_owner = std::move(who);
  about.environment = what.environment;
  spawn_command(what.command, spec, std::move(about));
}

void keeper_bridge::cancel_hook(const process_id& id, std::uint64_t token) {
  for (auto& [own, running] : checks_) {
    if (running.subject != id || running.hook != token) continue;
    running.is_asked = false;
    running.hook_owner = nullptr;
    end_check(own, running);
  }
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
    if (member.is_sure) pids.push_back(member.pid);
  const auto used = os::usage_of(pids);
  return {used.memory, used.cpu_time};
}

std::map<node_id, usage_snapshot> keeper_bridge::look_at(const std::vector<node_id>& nodes, bool exact, wall_time now) {
  const std::set<node_id> wanted{nodes.begin(), nodes.end()};
  std::vector<os::membership> all; // of all that run: a walk tells them apart
  std::vector<std::pair<const process_id*, record*>> running;
  for (auto& [id, r] : records_) {
    if (!r.alive) continue;
    all.push_back({client_->keeper_pid(), r.pid, client_->member_marker(id.node, id.generation), {}, r.adrift});
    running.emplace_back(&id, &r);
  }
  const auto pids = os::members_of_each(all, {os::process_id()});
  std::map<node_id, usage_snapshot> found;
  for (std::size_t i = 0; i < running.size(); ++i) {
    auto& [id, r] = running[i];
    if (wanted.count(id->node) == 0) continue;
    const auto used = os::usage_of(pids[i], exact ? os::detail::exact : os::detail::quick);
    auto& usage = found[id->node];
    usage.memory = used.memory;
    usage.processes = used.processes;
    usage.threads = used.threads;
    if (exact) usage.descriptors = used.descriptors;
    if (exact) usage.proportional_memory = used.proportional_memory;
    usage.cpu = processors_used(r->looked_at, r->looked_cpu, r->started, now, used.cpu_time);
    if (now - r->looked_at < shortest_look) continue; // or two who look by turns would see noise
    r->looked_at = now;
    r->looked_cpu = used.cpu_time;
  }
  return found;
}

} // namespace alder::actors
