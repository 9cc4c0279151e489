// Which processes belong to a service, beside its main one, and how all of them are signalled and ended.
#include "actors/host/keeper_bridge.hpp"

#include "runtime/os/cgroup.hpp"
#include "runtime/os/pidfd.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds first_member_look{20};
constexpr std::chrono::milliseconds longest_member_look{500};
constexpr std::size_t most_checked = 128; // in one turn of the loop
constexpr std::chrono::milliseconds pause_between_checks{1};

} // namespace

std::string keeper_bridge::mark_of(const process_id& id) const {
  return client_->member_marker(id.node, id.generation);
}

std::optional<process_id> keeper_bridge::id_of_mark(const std::string& mark) const {
  const auto key = os::key_of_mark(mark, client_->member_prefix());
  return key ? std::optional{process_id{key->first, key->second}} : std::nullopt;
}

bool keeper_bridge::has_members(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  if (!found->second.cgroup.empty() && os::is_populated(found->second.cgroup)) return true;
  return !members_->members(mark_of(id), found->second.cgroup).empty();
}

void keeper_bridge::signal_all(const process_id& id, int signal, bool main_only) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  auto& r = found->second;
  if (main_only && !r.alive) return;
  // Most services are one process, which we hold.
  if (r.alive && r.kept[holding::pidfd] && (main_only || !members_->has_others(mark_of(id), r.cgroup))) {
    (void)client_.signal(r.kept[holding::pidfd], signal);  // it may have ended just now, which its exit will tell
    (void)client_.signal(r.kept[holding::pidfd], SIGCONT); // one that is stopped must wake up to handle it
    return;
  }
  const auto members = members_->members(mark_of(id), r.cgroup);
  client_.signal(members, signal);
  client_.signal(members, SIGCONT);
}

outcome keeper_bridge::send_signal(const node_id& node, int signal) {
  const auto* r = running_of(node);
  if (r == nullptr || !r->kept[holding::pidfd] || !client_.signal(r->kept[holding::pidfd], signal))
    return error{error_kind::not_found, "it is not running"};
  return success();
}

void keeper_bridge::kill_all(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  found->second.waiting = record::wait::kill;
  client_.kill(*members_, mark_of(id), found->second.cgroup);
  wait_for(id);
}

void keeper_bridge::await_members(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (found->second.waiting == record::wait::none) found->second.waiting = record::wait::members;
  wait_for(id);
}

void keeper_bridge::wait_for(const process_id& id) {
  next_member_look_ = first_member_look;
  waiting_.insert(id);
  boost::asio::post(loop_, [this, id] {
    const auto found = records_.find(id);
    if (waiting_.count(id) > 0 && found != records_.end() && is_over(id, found->second)) waiting_.erase(id);
    if (!waiting_.empty()) look_again_in(next_member_look_);
  });
}

/// Something ended that may have been the last that somebody waits for.
void keeper_bridge::check_waiting_of(int pid) {
  const auto id = id_of_mark(members_->last_mark_of(pid));
  if (!id || waiting_.count(*id) == 0) return;
  const auto found = records_.find(*id);
  if (found == records_.end() || is_over(*id, found->second)) waiting_.erase(*id);
}

/// Looks again for services that wait for their last member, a few in each turn: nobody reports the end of a process
/// that is not a child of the keeper.
void keeper_bridge::check_waiting() {
  std::vector<process_id> next;
  for (auto one = waiting_.upper_bound(last_checked_); one != waiting_.end() && next.size() < most_checked; ++one)
    next.push_back(*one);
  const bool are_all = next.size() < most_checked;
  last_checked_ = are_all ? process_id{} : next.back();
  for (const auto& id : next) {
    const auto found = records_.find(id);
    if (found == records_.end() || is_over(id, found->second)) waiting_.erase(id);
  }
  if (waiting_.empty()) return;
  look_again_in(are_all ? next_member_look_ : pause_between_checks);
  if (are_all) next_member_look_ = std::min(next_member_look_ * 2, longest_member_look);
}

/// Tells the waiting actor once its process has no members left.
bool keeper_bridge::is_over(const process_id& id, record& r) {
  if (!members_->members(mark_of(id), r.cgroup).empty()) {
    if (r.waiting == record::wait::kill) client_.kill(*members_, mark_of(id), r.cgroup);
    return false;
  }
  // The last one has ended for us, and not yet for its group, which nobody tells us about.
  if (!r.cgroup.empty() && os::is_populated(r.cgroup)) {
    look_again_soon();
    return false;
  }
  r.waiting = record::wait::none;
  if (r.unwanted)
    release(id);
  else if (r.owner)
    caf::anon_send(r.owner, process_members_gone{});
  return true;
}

std::vector<int> keeper_bridge::processes_of(const node_id& node) {
  std::vector<int> pids;
  for (auto it = records_.lower_bound({node, 0}); it != records_.end() && it->first.node == node; ++it) {
    if (!it->second.alive) continue;
    const auto found = members_->pids(mark_of(it->first), it->second.cgroup);
    pids.insert(pids.end(), found.begin(), found.end());
    std::stable_partition(pids.begin(), pids.end(), [&](int pid) { return pid == it->second.pid; });
  }
  return pids;
}

} // namespace alder::actors
