// What the keeper bridge finds out about processes: readiness, health, usage, and the commands it runs for them.
#include "actors/host/keeper_bridge.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/usage.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds readiness_patience{2000}; // for one attempt over the network
constexpr std::size_t descriptors_of_a_check = 2;
/// A file counts as written after the start although the clock of file systems is coarser than ours.
constexpr std::chrono::milliseconds file_time_slack{100};
/// Processor time is counted from the last look if that was so long ago.
constexpr std::chrono::milliseconds shortest_look{500};
constexpr std::chrono::minutes longest_look{1};
/// Services whose use is measured in one turn of the loop: some milliseconds.
constexpr std::size_t looks_a_turn = 64;
constexpr std::size_t exact_looks_a_turn = 4; // the kernel walks their memory

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
    if (budget_.refuse(descriptors_of_a_check)) return try_check_later(wanted, id, spec, patience, health);
    spawn_command(exec->command, spec,
                  {.subject = id, .pid = 0, .command = shell_quote(exec->command), .health = health});
  } else if (const auto* file = std::get_if<ready_file>(&wanted)) {
    const auto facts = os::facts_of(file->path);
    if (!facts) return answer(file->path + " does not exist");
    const auto& r = found->second;
    const bool is_ready_file = !health && r.knows_former_file;
    const bool is_new = is_ready_file ? !r.former_file || !is_unchanged(*r.former_file, *facts)
                                      : facts->modified + file_time_slack >= std::min(r.told_start, r.started);
    answer(is_new ? os::probe_answer{} : os::probe_answer{file->path + " is older than the process"});
  }
}

/// That there is no descriptor to ask with says nothing about who is asked.
void keeper_bridge::try_check_later(const check_spec& wanted, const process_id& id, const service_spec& spec,
                                    std::chrono::milliseconds patience, std::optional<std::uint64_t> health) {
  constexpr std::chrono::milliseconds pause{200};
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, pause);
  timer->async_wait([this, timer, wanted, id, spec, patience, health](const boost::system::error_code& failed) {
    if (!failed) try_check(wanted, id, spec, patience, health);
  });
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
  what.start.command = command;
  what.start.cwd = spec.cwd;
  what.start.umask = spec.umask;
  what.start.attributes.who = spec.attributes.who;
  what.capture = false;
  if (const auto found = records_.find(subject); found != records_.end() && found->second.alive)
    what.start.environment["ALDER_PID"] = std::to_string(found->second.pid);
  for (const auto& [name, value] : about.environment)
    what.start.environment[name] = value;
  what.start.environment["ALDER_SERVICE"] = spec.name;
  const auto key = own.node + (about.hook ? " hook" : about.health ? " health" : "");
  checks_[own] = std::move(about);
  members_->add(mark_of(own), os::member_table::since::now);
  with_secrets(key, spec, [this, own, what](result<environment> variables) mutable {
    const auto found = checks_.find(own);
    if (found == checks_.end()) return; // nobody wants it any more
    const auto& about_it = found->second;
    if (!about_it.is_asked && (about_it.health || about_it.hook)) return answer_check(own, {}); // it was cancelled
    if (!variables) return answer_check(own, variables.failure().message);
    what.start.environment.merge(*variables);
    client_.act().spawn(what);
    flush();
  });
}

void keeper_bridge::answer_check(const process_id& own, const std::optional<std::string>& failure) {
  members_->remove(mark_of(own));
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

void keeper_bridge::end_check(const process_id& own, const check& running) {
  if (running.pid == 0) return; // it has not started yet, and ends by itself or with everything
  client_.kill(*members_, mark_of(own));
}

process_sample keeper_bridge::sample(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return {};
  const auto used = os::usage_of(members_->pids(mark_of(id), found->second.cgroup));
  return {used.memory, used.cpu_time};
}

/// One after the other, for with thousands of services the loop has other things to do meanwhile.
struct keeper_bridge::survey {
  std::vector<node_id> nodes;
  std::size_t next = 0;
  bool exact = false;
  std::function<wall_time()> clock;
  std::function<void(const usage_of_nodes&)> done;
  usage_of_nodes found;
};

void keeper_bridge::look_at(std::vector<node_id> nodes, bool exact, std::function<wall_time()> clock,
                            std::function<void(const usage_of_nodes&)> done) {
  go_on_with(std::make_shared<survey>(survey{std::move(nodes), 0, exact, std::move(clock), std::move(done), {}}));
}

void keeper_bridge::go_on_with(const std::shared_ptr<survey>& looks) {
  const auto end = std::min(looks->nodes.size(), looks->next + (looks->exact ? exact_looks_a_turn : looks_a_turn));
  members_->update();
  for (; looks->next < end; ++looks->next) {
    const auto& node = looks->nodes[looks->next];
    for (auto it = records_.lower_bound({node, 0}); it != records_.end() && it->first.node == node; ++it)
      if (it->second.alive) measure(it->first, it->second, looks->exact, looks->clock(), looks->found[node]);
  }
  if (looks->next == looks->nodes.size()) return looks->done(looks->found);
  boost::asio::post(loop_, [this, looks] { go_on_with(looks); });
}

void keeper_bridge::measure(const process_id& id, record& r, bool exact, wall_time now, usage_snapshot& usage) {
  const auto pids = members_->known_pids(mark_of(id), r.cgroup);
  const auto used = os::usage_of(pids, exact ? os::detail::exact : os::detail::quick);
  usage.memory = used.memory;
  usage.processes = used.processes;
  usage.threads = used.threads;
  if (exact) usage.descriptors = used.descriptors;
  if (exact) usage.proportional_memory = used.proportional_memory;
  usage.cpu = processors_used(r.looked_at, r.looked_cpu, r.started, now, used.cpu_time);
  if (now - r.looked_at < shortest_look) return; // or two who look by turns would see noise
  r.looked_at = now;
  r.looked_cpu = used.cpu_time;
}

} // namespace alder::actors
