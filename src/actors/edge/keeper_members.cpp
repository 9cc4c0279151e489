// Which processes belong to a service, beside its main one, and how all of them are signalled and ended.
#include "actors/edge/keeper_bridge.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/cgroup.hpp"
#include "runtime/os/descendants.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace alder::actors {
namespace {

// Each look goes through all processes there are.
constexpr std::chrono::milliseconds first_member_look{20};
constexpr std::chrono::milliseconds longest_member_look{500};

} // namespace

os::membership keeper_bridge::membership_of(const process_id& id, const record& r) const {
  return {client_->keeper_pid(), r.pid,        client_->member_marker(id.node, id.generation),
          strangers(r.pid),      is_adrift(r), r.cgroup};
}

/// Whether others than children of the keeper can belong to it.
bool keeper_bridge::is_adrift(const record& r) const { return r.adrift || !client_->keeper_lives(); }

/// All that belong to it; nobody only when the keeper, from which they hang, was there all the time.
std::vector<os::member> keeper_bridge::members_of(const process_id& id, const record& r) const {
  auto who = membership_of(id, r);
  auto found = os::members(who);
  if (!found.empty() || who.adrift || !is_adrift(r)) return found;
  who.adrift = true;
  return os::members(who);
}

/// The keeper's children that are known: the daemon, the other services' main processes, commands that run.
std::vector<int> keeper_bridge::strangers(int but) const {
  std::vector<int> pids{os::process_id()};
  for (const auto& [id, running] : checks_)
    if (running.pid > 0 && running.pid != but) pids.push_back(running.pid);
  for (const auto& [id, r] : records_) {
    if (r.alive && r.pid != but) pids.push_back(r.pid);
  }
  return pids;
}

bool keeper_bridge::has_members(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  if (!found->second.cgroup.empty() && os::is_populated(found->second.cgroup)) return true;
  if (!os::has_orphans(client_->keeper_pid(), strangers(0)) && !is_adrift(found->second)) return false;
  return !members_of(id, found->second).empty();
}

void keeper_bridge::signal_all(const process_id& id, int signal, bool main_only) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (before_acting) before_acting();
  auto& r = found->second;
  if (main_only && !r.alive) return;
  // Most services are one process: then nobody else has to be looked for.
  const bool alone = main_only || (os::family{}.children(r.pid).empty() &&
                                   !os::has_orphans(client_->keeper_pid(), strangers(0)) && !is_adrift(r));
  if (alone && r.alive && r.pidfd) {
    (void)os::signal_pidfd(r.pidfd.get(), signal);  // it may have ended just now, which its exit will tell
    (void)os::signal_pidfd(r.pidfd.get(), SIGCONT); // one that is stopped must wake up to handle it
    return;
  }
  const auto members = members_of(id, r);
  os::signal_members(members, signal);
  os::signal_members(members, SIGCONT);
}

outcome keeper_bridge::send_signal(const node_id& node, int signal) {
  const auto* r = running_of(node);
  if (r == nullptr || !r->pidfd || !os::signal_pidfd(r->pidfd.get(), signal))
    return error{error_kind::not_found, "it does not run"};
  return success();
}

void keeper_bridge::kill_all(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (before_acting) before_acting();
  found->second.waiting = record::wait::kill;
  next_member_look_ = first_member_look;
  waiting_.insert(id);
  os::kill_members(membership_of(id, found->second));
  boost::asio::post(loop_, [this] { check_waiting(); });
}

void keeper_bridge::await_members(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (found->second.waiting == record::wait::none) found->second.waiting = record::wait::members;
  next_member_look_ = first_member_look;
  waiting_.insert(id);
  boost::asio::post(loop_, [this] { check_waiting(); });
}

/// Something of ours ended: whoever waits for the last member looks again.
void keeper_bridge::check_waiting() {
  bool is_untold = false; // when somebody ends that is waited for: they are nobody's children
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto id = *next++;
    const auto found = records_.find(id);
    if (found == records_.end()) {
      waiting_.erase(id);
      continue;
    }
    auto& r = found->second;
    if (!members_of(id, r).empty()) {
      if (r.waiting == record::wait::kill) os::kill_members(membership_of(id, r));
      is_untold = is_untold || is_adrift(r);
      continue;
    }
    // The last one has ended for us, and not yet for its group, which nobody tells us about.
    if (!r.cgroup.empty() && os::is_populated(r.cgroup)) {
      look_again_soon();
      continue;
    }
    r.waiting = record::wait::none;
    waiting_.erase(id);
    if (r.unwanted) {
      release(id);
      continue;
    }
    if (r.owner) caf::anon_send(r.owner, process_members_gone{});
  }
  if (!is_untold) return;
  look_again_in(next_member_look_);
  next_member_look_ = std::min(next_member_look_ * 2, longest_member_look);
}

std::vector<int> keeper_bridge::processes_of(const node_id& node) const {
  std::vector<int> pids;
  for (auto it = records_.lower_bound({node, 0}); it != records_.end() && it->first.node == node; ++it) {
    if (!it->second.alive) continue;
    for (const auto& member : os::members(membership_of(it->first, it->second)))
      if (member.is_sure) pids.push_back(member.pid);
    std::stable_partition(pids.begin(), pids.end(), [&](int pid) { return pid == it->second.pid; });
  }
  return pids;
}

} // namespace alder::actors
