// When the keeper is lost: a new one is started beside this daemon and given everything the daemon holds.
#include "actors/host/keeper_bridge.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/unix_socket.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>

namespace alder::actors {

void keeper_bridge::on_lost() {
  if (end_expected_ || !home_) return tell_.on_lost();
  if (channel_.is_open()) (void)channel_.release(); // the client owns the descriptor
  const auto found = find_new_keeper();
  if (!found) {
    tell_.on_keeper_replaced("the keeper was killed, and a new one could not be started: " + found.failure().message);
    return tell_.on_lost();
  }
  tell_.on_keeper_replaced("the keeper was killed; a new one (pid " + std::to_string(client_->keeper_pid()) +
                           ") has replaced it, and services are not affected");
}

/// With what is gone and not settled, so that the new keeper keeps it for the next daemon as the old one did.
std::vector<keeper::handed_child> keeper_bridge::everything_held() const {
  std::vector<keeper::handed_child> all;
  const auto add = [&all](const process_id& id, const auto& of) {
    all.push_back({{.id = id.node,
                    .generation = id.generation,
                    .pid = of.pid,
                    .note = of.note,
                    .started_ms = of.told_start.time_since_epoch().count(),
                    .exited = of.exited,
                    .held = {}},
                   &of.kept});
  };
  for (const auto& [id, r] : records_)
    if (r.pid != 0) add(id, r);
  for (const auto& [id, gone] : ended_)
    if (gone.exited) add(id, gone);
  return all;
}

/// The same program as before, with a channel to this daemon.
result<unique_fd> keeper_bridge::start_keeper() {
  auto pair = os::record_pair(wire::max_keeper_frame);
  if (!pair) return pair.failure();
  auto log = os::open_log(home_->state_dir + "/keeper.log");
  if (!log) return log.failure();
  if (!keeper_program_) return error{error_kind::unavailable, "its program is not known", 0};
  os::spawn_request request{
      .program = "/proc/self/fd/" + std::to_string(keeper_program_.get()),
      .start = {.command = {"alder-keeper", "--run-dir", home_->run_dir, "--state-dir", home_->state_dir, "--log-dir",
                            home_->log_dir, "--daemon", daemon_program_, "--adopt-fd",
                            std::to_string(pair->second.get()), "--daemon-pid", std::to_string(os::process_id()),
                            "--mark", client_->member_prefix(), "--epoch", std::to_string(client_->epoch())},
                .environment = os::environment()},
      .where = os::spawn_request::output::file,
      .file = log->get(),
      .passed = pair->second.get(),
      .file_limit = os::inherited_file_limit()};
  auto started = os::spawn(request);
  if (const auto* failure = std::get_if<os::spawn_failure>(&started))
    return error{error_kind::io, "start " + request.program + ": " + errno_text(failure->os_errno), failure->os_errno};
  // It leaves for a session of its own, so that what we started ends at once.
  os::reap(std::get<os::spawned_process>(started).held[holding::pidfd].get());
  return std::move(pair->first);
}

/// The late keeper did not say whether they were started; the book of starts does. What was started is taken over: of
/// it we hold the descriptors. The others are started now, for their start has not failed.
void keeper_bridge::settle_starts(std::vector<keeper::client::unanswered>& starts) {
  if (starts.empty()) return;
  const auto made = find_lost({}, os::wall_now());
  for (auto& start : starts) {
    const process_id id{start.id, start.gen};
    const auto known = records_.find(id);
    const auto found = made.find(id);
    const bool is_wanted = known != records_.end() && known->second.asked;
    if (found != made.end() && is_wanted) {
      take_late_start(id, start, found->second);
    } else if (is_wanted) {
      client_.act().spawn(*known->second.asked);
    } else {
      if (found != made.end()) end_lost_check(id, found->second);
      client_.kill(*members_, mark_of(id));
      on_spawn_failed(id, {error_kind::unavailable, "the keeper was killed in the meantime", 0});
    }
  }
}

/// It may have ended by now: that is an exit like another.
void keeper_bridge::take_late_start(const process_id& id, keeper::client::unanswered& start, const lost_process& lost) {
  const auto& process = lost.process;
  keeper::child child;
  if (start.begun) child.held = std::move(*start.begun);
  child.id = id.node;
  child.gen = id.generation;
  child.pid = process.pid;
  child.note = records_[id].note;
  child.started = os::wall_now();
  child.adrift = true;
  if (auto pidfd = os::open_same_process(process.pid, process.start_ticks)) {
    auto& held = child.held;
    held.put(holding::pidfd, std::move(*pidfd));
    if (!held[holding::out]) held.put(holding::out, os::reopen_pipe(process.pid, 1, process.out));
    if (!held[holding::err]) held.put(holding::err, os::reopen_pipe(process.pid, 2, process.err));
  } else {
    child.exited = lost.exited.value_or(exit_status{});
  }
  const auto exited = child.exited;
  give_to_keeper(child);
  on_spawned(std::move(child));
  if (exited) on_exited(id, process.pid, *exited);
}

outcome keeper_bridge::find_new_keeper() {
  client_.write_first();
  auto channel = start_keeper();
  if (!channel) return channel.failure();
  auto attached = keeper::client::attach(std::move(*channel), handlers(), *client_, everything_held());
  if (!attached) return attached.failure();
  auto lost = client_.take_unanswered();
  client_.attach(std::move(*attached));
  members_->follow(client_->keeper_pid());
  if (cgroups_) cgroups_->follow(client_->keeper_pid());
  if (auto program = os::open_for_reading("/proc/" + std::to_string(client_->keeper_pid()) + "/exe"))
    keeper_program_ = std::move(*program);
  for (const auto& child : client_.take_inventory()) {
    const auto found = records_.find({child.id, child.gen});
    if (found == records_.end()) continue;
    found->second.adrift = child.adrift;
    if (child.exited && !found->second.exited) on_exited({child.id, child.gen}, child.pid, *child.exited);
  }
  channel_.assign(client_->fd());
  writing_ = false;
  wait_readable();
  settle_starts(lost);
  client_.act().ready();
  flush();
  acknowledge_drained();
  boost::asio::post(loop_, [this] { check_waiting(); }); // nobody tells any more who ends of those that are waited for
  return success();
}

} // namespace alder::actors
