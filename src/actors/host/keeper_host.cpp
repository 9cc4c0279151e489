#include "actors/host/keeper_host.hpp"

#include "actors/host/start_plan.hpp"
#include "actors/logs/log_hub.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/local_socket.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/proc.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::size_t most_unacknowledged = 1000;              // exits that could not be written down
constexpr std::chrono::hours longest_uptime{24 * 365 * 30};    // what is longer is a time since 1970
constexpr std::string_view spawn_prefix = "could not start: "; // the keeper client's; our callers say so themselves

/// When the process was started, on the clock that nobody sets. Of one that is gone the keeper knows it alone, by the
/// wall clock as it was then.
wall_time start_of(const keeper::child& child, const std::optional<os::process_stat>& process) {
  return process && !child.exited ? os::boot_moment() + os::start_after_boot(*process) : child.started;
}

} // namespace

keeper_host::keeper_host(boost::asio::io_context& loop, log_hub& logs, notices tell)
    : loop_(loop), logs_(logs), tell_(std::move(tell)), checks_(loop_, table_, commands_, logs_.matching(), budget_) {
  logs_.on_drained = [this](const process_id& id) {
    table_.note_drained(id);
    acknowledge_drained();
  };
  logs_.on_line_found = [this](const process_id& id) {
    talks_.hear(id, wire::said_ready{wire::said_ready::over::log});
  };
}

keeper_host::~keeper_host() {
  logs_.on_drained = nullptr;
  logs_.on_line_found = nullptr;
}

lost_and_found::finder keeper_host::finder() {
  return {[this](keeper::child&& child) { take(std::move(child)); },
          [this](keeper::child&& child) { on_spawned(std::move(child)); },
          [this](const process_id& id, int pid, exit_status status) { on_exited(id, pid, status, {}); },
          [this](const process_id& id, const error& why) { on_spawn_failed(id, why); }};
}

// -- the keeper

outcome keeper_host::attach(unique_fd channel) {
  auto attached = keeper::client::attach(std::move(channel), handlers());
  if (!attached) return attached.failure();
  keeper_.attach(std::move(*attached));
  starter_.remember_program_of(keeper().keeper_pid());
  members_.begin();
  groups_.begin();
  for (auto& child : keeper_.gate().take_inventory())
    take(std::move(child));
  keeper_.watch();
  return success();
}

keeper::client::handlers keeper_host::handlers() {
  keeper::client::handlers handlers;
  handlers.on_spawned = [this](keeper::child&& child) { on_spawned(std::move(child)); };
  handlers.on_spawn_failed = [this](const node_id& node, generation gen, const error& why) {
    on_spawn_failed({node, gen}, why);
  };
  handlers.on_exited = [this](const wire::exited_frame& f) {
    on_exited({f.id, f.generation}, f.pid, f.status, f.orphans);
  };
  handlers.on_reaped = [this](int pid) { members_.note_end_of(pid); };
  handlers.on_stop_requested = [this](int signal) { tell_.on_stop_requested(signal); };
  // Not from inside the client, which is about to be replaced.
  handlers.on_lost = [this] { boost::asio::post(loop_, [this] { on_lost(); }); };
  return handlers;
}

void keeper_host::on_lost() {
  if (end_expected_ || !starter_.can_start()) return tell_.on_lost();
  keeper_.let_go();
  const auto found = find_new_keeper();
  if (!found) {
    tell_.on_keeper_replaced("the keeper was killed, and a new one could not be started: " + found.failure().message);
    return tell_.on_lost();
  }
  tell_.on_keeper_replaced("the keeper was killed; a new one (pid " + std::to_string(keeper().keeper_pid()) +
                           ") has replaced it, and services are not affected");
}

/// The new one is given everything this daemon holds, with what is gone and not settled, so that it keeps that for the
/// next daemon as the old one did.
outcome keeper_host::find_new_keeper() {
  auto& gate = keeper_.gate();
  gate.write_first();
  auto channel = starter_.start(keeper());
  if (!channel) return channel.failure();
  auto attached = keeper::client::attach(std::move(*channel), handlers(), keeper(), table_.everything());
  if (!attached) return attached.failure();
  auto unanswered = gate.take_unanswered();
  keeper_.attach(std::move(*attached));
  members_.follow();
  groups_.follow();
  starter_.remember_program_of(keeper().keeper_pid());
  for (const auto& child : gate.take_inventory()) {
    const process_id id{child.id, child.gen};
    auto* process = table_.find(id);
    if (process == nullptr) continue;
    process->adrift = child.adrift;
    if (child.exited && !process->exited) on_exited(id, child.pid, *child.exited, {});
  }
  keeper_.watch();
  lost_.settle(std::move(unanswered), os::wall_now());
  act().ready();
  flush();
  acknowledge_drained();
  boost::asio::post(loop_, [this] { members_.check_all(); }); // nobody tells any more who ends of those waited for
  return success();
}

/// On a disk that takes no journal exits stay with the keeper, as many as it can bear.
void keeper_host::acknowledge_drained() {
  if (!keeper_.is_there() || std::exchange(acknowledging_, true)) return; // asking writes the journal, which comes here
  for (const auto& id : table_.take_settled(may_forget, most_unacknowledged))
    act().acknowledge(id.node, id.generation);
  acknowledging_ = false;
  flush();
}

// -- holding

/// Its output is read by the log pump, from duplicates.
void keeper_host::hold(const process_id& id, held_process& process, keeper::child&& child) {
  process.pid = child.pid;
  const auto seen = process.pid > 0 ? os::read_stat(process.pid) : std::nullopt;
  members_.set_main(id, process.pid, seen);
  process.told_start = child.started;
  process.started = start_of(child, seen);
  process.adrift = child.adrift;
  auto pidfd = child.held.take(holding::pidfd);
  process.kept = {};
  process.kept.put(holding::pidfd, std::move(pidfd)); // first, as of a start
  process.kept.add(child.held.duplicate());
  note(id, seen);
  const auto& input = child.held[holding::input];
  auto terminal = os::is_terminal(input.get()) ? input.duplicate() : unique_fd{};
  talks_.begin(id, child.held);
  // It has ended while there was no daemon: perhaps it had named another main process.
  if (process.exited) talks_.hear_last_words(process);
  const auto began = process.asked ? std::nullopt : std::optional{std::min(process.told_start, process.started)};
  logs_.attach(id, {child.held.take(holding::out), child.held.take(holding::err), std::move(terminal)},
               process.note.is_waiting(), began);
}

/// A process of a former daemon: its output is still being written, its owner will come.
void keeper_host::take(keeper::child&& child) {
  if (commands_.take(child)) return;
  const process_id id{child.id, child.gen};
  table_.note_generation(id);
  members_.add(id, os::member_table::since::before);
  auto& process = table_.enter(id);
  process.note = wire::decode_process_note(child.note);
  process.alive = !child.exited;
  process.exited = child.exited;
  process.uid = os::user_of(child.pid).value_or(os::own_user());
  process.cgroup = groups_.find(id);
  hold(id, process, std::move(child));
}

/// So that it is found without a keeper.
void keeper_host::note(const process_id& id) const {
  const auto pid = table_.find(id)->pid;
  note(id, on_held_ && pid > 0 ? os::read_stat(pid) : std::nullopt);
}

void keeper_host::note(const process_id& id, const std::optional<os::process_stat>& found) const {
  const auto& process = *table_.find(id);
  if (!on_held_ || !found || process.exited) return;
  on_held_({.id = id.node,
            .generation = id.generation,
            .pid = process.pid,
            .start_ticks = found->start_ticks,
            .out = os::inode_of(process.kept[holding::out].get()),
            .err = os::inode_of(process.kept[holding::err].get()),
            .started_ms = process.told_start.time_since_epoch().count(),
            .note = wire::encode(process.note),
            .secrets = process.secrets});
}

void keeper_host::tell_of_held(std::function<void(const store::noted_process&)> on_held) {
  on_held_ = std::move(on_held);
  for (const auto& [id, process] : table_.all())
    note(id);
}

void keeper_host::clear_cgroups() {
  std::set<std::string> known;
  for (const auto& [id, process] : table_.all())
    if (!process.cgroup.empty()) known.insert(process.cgroup);
  groups_.clear(known);
}

// -- starting

void keeper_host::launch(const process_id& id, const service_spec& spec, const wire::process_note& note,
                         process_owner_ptr who) {
  logs_.set_rules(id.node, spec.log);
  if (auto* known = table_.find(id); known != nullptr && known->pid != 0) {
    known->group_limits = spec.attributes.cgroup.value_or(cgroup_limits{});
    return claim(*known, std::move(who));
  }
  if (const auto why = refusal(id, spec)) return who->tell(process_refused{*why});
  auto& process = table_.enter(id);
  process.owner = std::move(who);
  process.note = note;
  process.uid = spec.attributes.who ? spec.attributes.who->uid : os::own_user();
  if (spec.secrets.empty()) return start(id, spec, spec.environment);
  process.reading = ++last_reading_;
  const auto fingerprint = std::make_shared<std::uint64_t>(0);
  secrets_.read(
      id.node.text(), spec,
      [this, id, spec, fingerprint, reading = process.reading](result<secret_reader::environment> variables) {
        auto* found = table_.find(id);
        if (found == nullptr || found->reading != reading) return;
        found->secrets = variables ? *fingerprint : 0;
        start(id, spec, std::move(variables));
      },
      fingerprint);
}

/// Those that run will open the indices of their output when they write.
std::optional<std::string> keeper_host::refusal(const process_id& id, const service_spec& spec) {
  const bool has_run = table_.has_run(id.node);
  auto& budget = has_run ? restart_budget_ : budget_;
  const auto needed = descriptors_for(spec);
  const auto promised = has_run ? 0 : table_.size() * descriptors_opened_later;
  if (const auto have = budget.refuse(needed, promised))
    return os::too_few_descriptors("its start", needed, *have, budget.reserve() + promised).message;
  return taken_port(spec, members_);
}

/// It is in the table; it leaves that when its start is refused.
void keeper_host::start(const process_id& id, const service_spec& spec, result<secret_reader::environment> variables) {
  const auto refuse = [&](const error& why) {
    const auto owner = table_.find(id)->owner;
    table_.drop(id);
    if (owner) owner->tell(process_refused{why.message});
  };
  if (!variables) return refuse(variables.failure());
  keeper_.gate().write_first();
  std::optional<os::file_facts> former_file;
  if (const auto* file = std::get_if<ready_file>(&spec.ready.check))
    if (const auto facts = os::facts_of(file->path)) former_file = *facts;
  auto group = groups_.give(id, spec);
  if (!group) return refuse(group.failure());
  table_.note_generation(id);
  members_.add(id, os::member_table::since::now);
  auto& process = *table_.find(id);
  process.reading = 0;
  process.former_file = former_file;
  process.knows_former_file = true;
  process.cgroup = *group;
  process.group_limits = spec.attributes.cgroup.value_or(cgroup_limits{});
  auto what = launch_of(id, spec, std::move(*variables), keeper().keeper_pid());
  what.cgroup = std::move(*group);
  what.note = wire::encode(process.note);
  act().spawn(what);
  process.asked = std::make_unique<const keeper::launch>(std::move(what));
  flush();
}

void keeper_host::claim(held_process& process, process_owner_ptr who) {
  process.owner = std::move(who);
  const auto& note = process.note;
  process_launched launched{process.pid, /*adopted=*/true, process.started, note.is_waiting()};
  // Since the boot; a former version wrote the time of the wall clock.
  if (launched.waiting && note.due)
    launched.due = *note.due < longest_uptime ? os::boot_moment() + *note.due : wall_time{*note.due};
  process.tell(launched);
  talks_.tell_unheard(process);
  if (process.exited) process.tell(process_exited{*process.exited, kernel_words(process)});
}

void keeper_host::on_spawned(keeper::child&& child) {
  if (commands_.on_spawned(child)) return;
  const process_id id{child.id, child.gen};
  auto* process = table_.find(id);
  if (process == nullptr) return;
  process->alive = true;
  hold(id, *process, std::move(child));
  process->asked.reset();
  process->tell(process_launched{process->pid, /*adopted=*/false, process->started});
}

void keeper_host::on_spawn_failed(const process_id& id, const error& why) {
  std::string detail = why.message;
  if (detail.rfind(spawn_prefix, 0) == 0) detail.erase(0, spawn_prefix.size());
  if (commands_.on_spawn_failed(id, detail)) return;
  const auto* process = table_.find(id);
  if (process == nullptr) return;
  const auto owner = process->owner;
  groups_.drop(process->cgroup);
  table_.drop(id);
  members_.remove(id);
  if (owner) owner->tell(process_refused{detail});
}

// -- living

void keeper_host::run_command(const process_id& id, const service_spec& spec, const std::vector<std::string>& command) {
  commands_.run({id, side_commands::purpose::stop, 0, command, {}, {}}, spec);
}

void keeper_host::run_hook(const process_id& id, const service_spec& spec, const hook_run& what,
                           process_owner_ptr who) {
  const auto answer = [who = std::move(who), token = what.token](const std::optional<std::string>& failure) {
    who->tell(hook_ended{token, failure.value_or("")});
  };
  commands_.run({id, side_commands::purpose::hook, what.token, what.command, what.environment, answer}, spec);
}

void keeper_host::set_note(const process_id& id, const wire::process_note& note) {
  auto* process = table_.find(id);
  if (process == nullptr || process->note == note) return;
  process->note = note;
  this->note(id);
  (void)act().set_note(id.node, id.generation, wire::encode(note)); // it is short
  flush();
}

outcome keeper_host::send_signal(const node_id& node, int signal) {
  const auto* process = table_.running_of(node);
  if (process == nullptr || !process->kept[holding::pidfd] ||
      !keeper_.gate().signal(process->kept[holding::pidfd], signal))
    return error{error_kind::not_found, "it is not running"};
  return success();
}

bool keeper_host::is_alive(const process_id& id) const {
  const auto* process = table_.find(id);
  return process != nullptr && process->alive;
}

// -- ending

void keeper_host::on_exited(const process_id& id, int pid, exit_status status,
                            const std::optional<std::vector<std::uint32_t>>& orphans) {
  if (commands_.on_exited(id, status)) return;
  auto* process = table_.find(id);
  if (process == nullptr) return;
  // What it said before it ended counts, above all which process is the main one from then on.
  if (pid == process->pid) talks_.hear_last_words(*process);
  if (pid != process->pid) return members_.note_end_of(pid);
  process->alive = false;
  process->exited = status;
  process->is_alone = members_.is_alone(id, orphans);
  process->tell(process_exited{status, kernel_words(*process)});
  members_.note_end_of_main(id);
}

void keeper_host::on_members_gone(const process_id& id) {
  const auto* process = table_.find(id);
  if (process == nullptr) return;
  if (process->unwanted) return release(id);
  process->tell(process_members_gone{});
}

void keeper_host::release(const process_id& id) {
  const auto* process = table_.find(id);
  if (process == nullptr) return;
  groups_.drop(process->cgroup);
  members_.remove(id);
  if (table_.retire(id)) logs_.finish(id);
  if (on_released) on_released(id);
  commands_.end_all_of(id);
}

void keeper_host::abandon(const process_id& id, const process_owner* who) {
  auto* process = table_.find(id);
  if (process != nullptr && process->owner.get() == who) process->owner = nullptr;
}

void keeper_host::discard(const process_id& id) {
  auto* process = table_.find(id);
  if (process == nullptr) return;
  if (!process->alive) return release(id);
  process->unwanted = true;
  kill_all(id);
}

} // namespace alder::actors
