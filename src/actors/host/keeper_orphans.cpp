// When keeper and daemon were killed together: their services have lost parent and memory, and are found again.
#include "actors/host/keeper_bridge.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>

namespace alder::actors {
namespace {

std::int64_t unix_ms_of(wall_time at) { return at.time_since_epoch().count(); }

} // namespace

/// So that it is found without a keeper.
void keeper_bridge::note(const process_id& id, const record& r) const {
  if (!on_held_ || r.pid == 0 || r.exited) return;
  const auto process = os::read_stat(r.pid);
  if (!process) return;
  on_held_({.id = id.node,
            .generation = id.generation,
            .pid = r.pid,
            .start_ticks = process->start_ticks,
            .out = os::inode_of(r.kept[holding::out].get()),
            .err = os::inode_of(r.kept[holding::err].get()),
            .started_ms = unix_ms_of(r.told_start),
            .note = r.note,
            .secrets = r.secrets});
}

void keeper_bridge::tell_of_held(std::function<void(const store::noted_process&)> on_held) {
  on_held_ = std::move(on_held);
  for (const auto& [id, r] : records_)
    note(id, r);
}

/// What this keeper was told of is as it has it.
keeper_bridge::lost_processes keeper_bridge::find_lost(const std::vector<store::noted_process>& noted,
                                                       wall_time now) const {
  lost_processes all;
  for (auto& [key, lost] : os::find_lost(noted, start_book_, client_->member_prefix(), now)) {
    const process_id id{key.first, key.second};
    const auto known = records_.find(id);
    if (lost.is_seen && known != records_.end() && known->second.pid != 0) continue;
    all.emplace(id, std::move(lost));
  }
  return all;
}

void keeper_bridge::end_orphans(const std::vector<store::noted_process>& noted) {
  auto all = find_lost(noted, {});
  std::erase_if(all, [this](const auto& one) { return records_.count(one.first) > 0; }); // of this keeper
  for (const auto& [id, lost] : all) { // all are known before the first look at the system
    members_->add(mark_of(id), os::member_table::since::before);
    if (os::open_same_process(lost.process.pid, lost.process.start_ticks))
      members_->set_main(mark_of(id), lost.process.pid);
  }
  for (const auto& [id, lost] : all) {
    client_.kill(*members_, mark_of(id));
    members_->remove(mark_of(id));
  }
}

keeper_bridge::former_life keeper_bridge::adopt_orphans(const std::vector<store::noted_process>& noted, wall_time now) {
  std::size_t known = 0; // by a keeper that was told of some
  std::size_t alive = 0;
  std::size_t ended = 0;
  for (const auto& [id, lost] : find_lost(noted, now)) {
    if (id.node.find(os::check_mark) != std::string::npos)
      end_lost_check(id, lost);
    else if (records_.count(id) > 0)
      ++known;
    else
      ++(adopt_orphan(lost) ? alive : ended);
  }
  if (alive + ended == 0) return {known > 0, {}};
  return {true, "the keeper and the daemon were killed together: " + std::to_string(alive) +
                    " services were found running and are supervised again, " + std::to_string(ended) + " had exited"};
}

/// A command about a service, whose question nobody asks any more.
void keeper_bridge::end_lost_check(const process_id& id, const lost_process& lost) {
  last_check_ = std::max(last_check_, id.generation);
  if (checks_.count(id) > 0) return; // the keeper was told of it
  const auto pidfd = os::open_same_process(lost.process.pid, lost.process.start_ticks);
  if (pidfd) (void)client_.signal(*pidfd, SIGKILL); // it may end by itself meanwhile
}

/// Whether it lives.
bool keeper_bridge::adopt_orphan(const lost_process& lost) {
  const auto& known = lost.process;
  keeper::child child{.id = known.id,
                      .gen = known.generation,
                      .pid = known.pid,
                      .held = {},
                      .note = known.note,
                      .started = wall_time{std::chrono::milliseconds{known.started_ms}},
                      .adrift = true};
  if (auto pidfd = os::open_same_process(known.pid, known.start_ticks)) {
    child.held.put(holding::pidfd, std::move(*pidfd));
    child.held.put(holding::out, os::reopen_pipe(known.pid, 1, known.out));
    child.held.put(holding::err, os::reopen_pipe(known.pid, 2, known.err));
  } else {
    child.exited = lost.exited.value_or(exit_status{});
  }
  const bool lives = !child.exited;
  give_to_keeper(child);
  take(std::move(child));
  return lives;
}

/// It is no child of the keeper.
void keeper_bridge::give_to_keeper(keeper::child& child) {
  const keeper::handed_child handed{{.id = child.id,
                                     .generation = child.gen,
                                     .pid = child.pid,
                                     .note = child.note,
                                     .started_ms = unix_ms_of(child.started),
                                     .exited = child.exited,
                                     .held = {}},
                                    &child.held};
  (void)client_.act().hand_over(handed); // a keeper that does not take it is lost, which shows by itself
}

} // namespace alder::actors
