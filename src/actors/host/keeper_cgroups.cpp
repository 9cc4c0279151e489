// The control groups of processes: made before they start, removed when nothing of them is left.
#include "actors/host/keeper_bridge.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds first_look{20};
constexpr std::chrono::milliseconds longest_look{5000}; // at what cannot be killed

/// "shop:api:0.7" of "shop/api:0" in its generation 7; no name has a ':' of its own, so that they are all different.
std::string group_name(const process_id& id) {
  auto name = id.node;
  if (const auto slash = name.find('/'); slash != std::string::npos) name[slash] = ':';
  return name + "." + std::to_string(id.generation);
}

} // namespace

outcome keeper_bridge::give_cgroup(const process_id& id, const service_spec& spec, keeper::launch& to) {
  if (!spec.attributes.cgroup) return success();
  if (!cgroups_) return error{error_kind::unavailable, "control groups are not available here", 0};
  auto made = cgroups_->make(group_name(id), *spec.attributes.cgroup);
  if (!made) return error{made.failure().kind, "its control group cannot be created: " + made.failure().message};
  to.cgroup = std::move(*made);
  return success();
}

void keeper_bridge::find_cgroup(const process_id& id, record& r) const {
  if (cgroups_) r.cgroup = cgroups_->find(group_name(id));
}

/// A process can be in it for a moment after it has ended.
void keeper_bridge::drop_cgroup(const std::string& group) {
  if (group.empty() || os::remove_cgroup(group)) return;
  dropped_cgroups_.insert(group);
  until_next_look_ = first_look;
  look_again_soon();
}

/// At groups and members that somebody waits for; groups that are over can wait.
void keeper_bridge::look_again_soon() { look_again_in(first_look); }

void keeper_bridge::look_again_in(std::chrono::milliseconds time) {
  if (looks_in_ && *looks_in_ <= time) return;
  looks_in_ = time;
  look_timer_.expires_after(time); // a later look that was planned is not needed any more
  look_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (failed) return;
    looks_in_.reset();
    std::erase_if(dropped_cgroups_, [this](const auto& group) {
      client_.kill_cgroup(group); // its service is over
      return os::remove_cgroup(group).ok();
    });
    check_waiting();
    if (dropped_cgroups_.empty()) return;
    until_next_look_ = std::min(until_next_look_ * 2, longest_look);
    look_again_in(until_next_look_);
  });
}

void keeper_bridge::clear_cgroups() {
  if (!cgroups_) return;
  std::set<std::string> kept;
  for (const auto& [id, r] : records_)
    if (!r.cgroup.empty()) kept.insert(r.cgroup);
  for (auto& group : cgroups_->clear(kept))
    drop_cgroup(group); // what is in it dies at this moment
}

/// Counters of a group begin with it, and each process has its own: what they say is about this one.
std::string keeper_bridge::kernel_words(const record& r) {
  return r.cgroup.empty() ? std::string{} : os::memory_words(os::memory_events_of(r.cgroup), r.group_limits);
}

} // namespace alder::actors
