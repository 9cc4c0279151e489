#include "actors/host/process_members.hpp"

#include "runtime/os/cgroup.hpp"
#include "runtime/os/lost_processes.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds first_member_look{20};
constexpr std::chrono::milliseconds longest_member_look{500};
constexpr std::size_t most_checked = 128; // in one turn of the loop
constexpr std::chrono::milliseconds pause_between_checks{1};

} // namespace

process_members::process_members(boost::asio::io_context& loop, process_table& table, keeper_gate& gate,
                                 std::function<void(const process_id&)> gone)
    : loop_(loop), table_(table), gate_(gate), gone_(std::move(gone)), timer_(loop, [this] { check_some(); }) {}

void process_members::begin() {
  members_ = std::make_unique<os::member_table>(gate_->keeper_pid(), gate_->member_prefix());
}

void process_members::follow() { members_->follow(gate_->keeper_pid()); }

std::string process_members::mark_of(const process_id& id) const {
  return gate_->member_marker(id.node, id.generation);
}

std::string process_members::group_of(const process_id& id) const {
  const auto* process = table_.find(id);
  return process == nullptr ? std::string{} : process->cgroup;
}

void process_members::remove(const process_id& id) {
  waiting_.erase(id);
  members_->remove(mark_of(id));
}

bool process_members::is_alone(const process_id& id, const std::optional<std::vector<std::uint32_t>>& orphans) const {
  if (!orphans || !group_of(id).empty()) return false;
  return std::all_of(orphans->begin(), orphans->end(), [&, own = mark_of(id)](std::uint32_t pid) {
    const auto mark = members_->known_mark_of(static_cast<int>(pid));
    return !mark.empty() && mark != own;
  });
}

bool process_members::has_others(const process_id& id) {
  const auto* process = table_.find(id);
  if (process == nullptr || process->is_alone) return false;
  if (!process->cgroup.empty() && os::is_populated(process->cgroup)) return true;
  return !members_->members(mark_of(id), process->cgroup).empty();
}

std::vector<int> process_members::pids(const process_id& id) {
  std::vector<int> all;
  for (const auto& one : processes(id))
    all.push_back(one.pid);
  return all;
}

std::vector<os::process_stat> process_members::processes(const process_id& id) {
  return members_->processes(mark_of(id), group_of(id));
}

std::vector<os::process_stat> process_members::known_processes(const process_id& id) {
  return members_->known_processes(mark_of(id), group_of(id));
}

std::vector<int> process_members::of_node(const node_id& node) {
  std::vector<int> all;
  for (const auto& id : table_.of(node)) {
    const auto& process = *table_.find(id);
    if (!process.alive) continue;
    const auto found = pids(id);
    all.insert(all.end(), found.begin(), found.end());
    std::stable_partition(all.begin(), all.end(), [&](int pid) { return pid == process.pid; });
  }
  return all;
}

void process_members::signal_all(const process_id& id, int signal, bool main_only) {
  const auto* process = table_.find(id);
  if (process == nullptr || (main_only && !process->alive)) return;
  const auto& pidfd = process->kept[holding::pidfd];
  // Most services are one process, which we hold.
  if (process->alive && pidfd && (main_only || !members_->has_others(mark_of(id), process->cgroup))) {
    (void)gate_.signal(pidfd, signal);  // it may have ended just now, which its exit will tell
    (void)gate_.signal(pidfd, SIGCONT); // one that is stopped must wake up to handle it
    return;
  }
  const auto members = members_->members(mark_of(id), process->cgroup);
  gate_.signal(members, signal);
  gate_.signal(members, SIGCONT);
}

void process_members::kill(const process_id& id) { gate_.kill(*members_, mark_of(id), group_of(id)); }

void process_members::kill_all(const process_id& id) {
  if (table_.find(id) == nullptr) return;
  kill(id);
  wait_for(id, wait::kill);
}

void process_members::await(const process_id& id) {
  if (table_.find(id) == nullptr) return;
  const auto known = waiting_.find(id);
  wait_for(id, known == waiting_.end() ? wait::members : known->second);
}

void process_members::wait_for(const process_id& id, wait how) {
  next_look_ = first_member_look;
  waiting_[id] = how;
  boost::asio::post(loop_, [this, id] {
    check(id);
    if (!waiting_.empty()) timer_.in(next_look_);
  });
}

void process_members::note_end_of(int pid) {
  const auto key = os::key_of_mark(members_->last_mark_of(pid), gate_->member_prefix());
  if (key) check({key->first, key->second});
}

void process_members::note_end_of_main(const process_id& id) { check(id); }

void process_members::check(const process_id& id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  if (table_.find(id) == nullptr) {
    waiting_.erase(found);
  } else if (is_over(id, found->second)) {
    waiting_.erase(found);
    gone_(id);
  }
}

/// A few in each turn.
void process_members::check_some() {
  std::vector<process_id> next;
  for (auto one = waiting_.upper_bound(last_checked_); one != waiting_.end() && next.size() < most_checked; ++one)
    next.push_back(one->first);
  const bool are_all = next.size() < most_checked;
  last_checked_ = are_all ? process_id{} : next.back();
  for (const auto& id : next)
    check(id);
  if (waiting_.empty()) return;
  timer_.in(are_all ? next_look_ : pause_between_checks);
  if (are_all) next_look_ = std::min(next_look_ * 2, longest_member_look);
}

bool process_members::is_over(const process_id& id, wait how) {
  if (table_.find(id)->is_alone) return true;
  const auto group = group_of(id);
  if (!members_->members(mark_of(id), group).empty()) {
    if (how == wait::kill) gate_.kill(*members_, mark_of(id), group);
    return false;
  }
  // The last one has ended for us, and not yet for its group, which nobody tells us about.
  const bool is_populated = !group.empty() && os::is_populated(group);
  if (is_populated) timer_.in(first_member_look);
  return !is_populated;
}

} // namespace alder::actors
