#include "actors/host/control_groups.hpp"

#include "runtime/os/cgroup.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds first_look{20};
constexpr std::chrono::milliseconds longest_look{5000}; // at what cannot be killed

/// "shop:api:0.7" of "shop/api:0" in its generation 7; no name has a ':' of its own, so that they are all different.
std::string group_name(const process_id& id) {
  return id.node.tree + ":" + id.node.name + "." + std::to_string(id.generation);
}

} // namespace

control_groups::control_groups(boost::asio::io_context& loop, const keeper_gate& gate)
    : gate_(gate), timer_(loop, [this] { look(); }) {}

void control_groups::begin() {
  if (!list_.empty()) home_.emplace(gate_->keeper_pid(), gate_->member_prefix(), list_);
}

void control_groups::follow() {
  if (home_) home_->follow(gate_->keeper_pid());
}

result<std::string> control_groups::give(const process_id& id, const service_spec& spec) {
  if (!spec.attributes.cgroup) return std::string{};
  if (!home_) return error{error_kind::unavailable, "control groups are not available here", 0};
  auto made = home_->make(group_name(id), *spec.attributes.cgroup);
  if (!made) return error{made.failure().kind, "its control group cannot be created: " + made.failure().message};
  return made;
}

std::string control_groups::find(const process_id& id) const {
  return home_ ? home_->find(group_name(id)) : std::string{};
}

/// A process can be in it for a moment after it has ended.
void control_groups::drop(const std::string& group) {
  if (group.empty() || os::remove_cgroup(group)) return;
  dropped_.insert(group);
  until_next_look_ = first_look;
  timer_.in(first_look);
}

void control_groups::look() {
  std::erase_if(dropped_, [this](const auto& group) {
    gate_.kill_cgroup(group);
    return os::remove_cgroup(group).ok();
  });
  if (dropped_.empty()) return;
  until_next_look_ = std::min(until_next_look_ * 2, longest_look);
  timer_.in(until_next_look_);
}

void control_groups::clear(const std::set<std::string>& known) {
  if (!home_) return;
  for (auto& group : home_->clear(known))
    drop(group); // what is in it dies at this moment
}

std::string kernel_words(const held_process& process) {
  return process.cgroup.empty() ? std::string{}
                                : os::memory_words(os::memory_events_of(process.cgroup), process.group_limits);
}

} // namespace alder::actors
