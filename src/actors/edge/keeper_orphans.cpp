// When keeper and daemon were killed together: their services have lost parent and memory, and are found again.
#include "actors/edge/keeper_bridge.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <charconv>
#include <csignal>
#include <utility>

namespace alder::actors {
namespace {

std::uint64_t inode_of(const unique_fd& fd) {
  if (!fd) return 0;
  const auto facts = os::facts_of(fd.get());
  return facts ? facts->inode : 0;
}

/// Of "TREE/NAME/GENERATION".
std::optional<process_id> id_in(const std::string& text) {
  const auto slash = text.rfind('/');
  if (slash == std::string::npos || text.find('/') == slash) return std::nullopt;
  process_id id{text.substr(0, slash), 0};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, id.generation);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return id;
}

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
            .out = inode_of(r.kept.at(static_cast<std::size_t>(wire::descriptor::out))),
            .err = inode_of(r.kept.at(static_cast<std::size_t>(wire::descriptor::err))),
            .started_ms = unix_ms_of(r.told_start),
            .note = r.note});
}

void keeper_bridge::tell_of_held(std::function<void(const store::noted_process&)> on_held) {
  on_held_ = std::move(on_held);
  for (const auto& [id, r] : records_)
    note(id, r);
}

void keeper_bridge::end_orphans(const std::vector<store::noted_process>& noted) {
  const auto end = [&](const node_id& node, generation gen, int pid) {
    os::kill_members({client_->keeper_pid(), pid, client_->member_marker(node, gen), {}, /*adrift=*/true});
  };
  for (const auto& process : noted)
    end(process.id, process.generation, os::open_same_process(process.pid, process.start_ticks) ? process.pid : 0);
  for (const auto& found : os::marked_leaders(client_->member_prefix() + "/"))
    if (const auto id = id_in(found.rest)) end(id->node, id->generation, found.pid);
}

std::string keeper_bridge::adopt_orphans(const std::vector<store::noted_process>& noted, wall_time now) {
  std::size_t alive = 0;
  std::size_t ended = 0;
  for (const auto& process : noted) {
    const auto known = records_.find({process.id, process.generation}); // by a keeper that was told of some
    const bool lives = known == records_.end() ? adopt_orphan(process) : known->second.alive;
    ++(lives ? alive : ended);
  }
  for (const auto& found : os::marked_leaders(client_->member_prefix() + "/"))
    if (adopt_marked(found, now)) ++alive;
  if (alive + ended == 0) return {};
  return "keeper and daemon were killed together: " + std::to_string(alive) +
         " services were found running and are looked after again, " + std::to_string(ended) +
         " ended meanwhile, and nobody saw how";
}

/// Whether it lives.
bool keeper_bridge::adopt_orphan(const store::noted_process& noted) {
  keeper::child child{.id = noted.id,
                      .gen = noted.generation,
                      .pid = noted.pid,
                      .note = noted.note,
                      .started = wall_time{std::chrono::milliseconds{noted.started_ms}},
                      .adrift = true};
  if (auto pidfd = os::open_same_process(noted.pid, noted.start_ticks)) {
    child.pidfd = std::move(*pidfd);
    child.out = os::reopen_pipe(noted.pid, 1, noted.out);
    child.err = os::reopen_pipe(noted.pid, 2, noted.err);
  } else {
    child.exited = exit_status{};
  }
  const bool lives = !child.exited;
  give_to_keeper(child);
  take(std::move(child));
  return lives;
}

/// It is no child of the keeper.
void keeper_bridge::give_to_keeper(keeper::child& child) {
  keeper::handed_child handed{{.id = child.id,
                               .generation = child.gen,
                               .pid = child.pid,
                               .note = child.note,
                               .started_ms = unix_ms_of(child.started),
                               .exited = child.exited,
                               .held = 0},
                              {}};
  const auto descriptors = keeper::descriptors_of(child);
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    if (!*descriptors[i]) continue;
    handed.fds.push_back(descriptors[i]->get());
    handed.what.held |= wire::bit(static_cast<wire::descriptor>(i));
  }
  (void)client_->hand_over(handed); // a keeper that does not take it is lost, which shows by itself
}

/// One that was started right before the end. Of a process that is known its own children may bear the mark too.
bool keeper_bridge::adopt_marked(const os::marked_process& found, wall_time now) {
  const auto id = id_in(found.rest);
  if (!id || records_.count(*id) > 0) return false;
  if (id->node.find('#') != std::string::npos) { // a command about a service, whose question nobody asks any more
    if (auto pidfd = os::open_same_process(found.pid, found.start_ticks)) (void)os::signal_pidfd(pidfd->get(), SIGKILL);
    return false;
  }
  const auto pipe_of = [&](int number) {
    const auto facts = os::facts_of("/proc/" + std::to_string(found.pid) + "/fd/" + std::to_string(number));
    return facts ? facts->inode : 0;
  };
  return adopt_orphan({.id = id->node,
                       .generation = id->generation,
                       .pid = found.pid,
                       .start_ticks = found.start_ticks,
                       .out = pipe_of(1),
                       .err = pipe_of(2),
                       .started_ms = unix_ms_of(now),
                       .note = {}});
}

} // namespace alder::actors
