#include "actors/host/process_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::actors {

held_process* process_table::find(const process_id& id) {
  const auto found = processes_.find(id);
  return found == processes_.end() ? nullptr : &found->second;
}

const held_process* process_table::find(const process_id& id) const {
  const auto found = processes_.find(id);
  return found == processes_.end() ? nullptr : &found->second;
}

std::vector<process_id> process_table::of(const node_id& node) const {
  std::vector<process_id> ids;
  for (auto it = processes_.lower_bound({node, 0}); it != processes_.end() && it->first.node == node; ++it)
    ids.push_back(it->first);
  return ids;
}

held_process* process_table::running_of(const node_id& node) {
  for (auto it = processes_.lower_bound({node, 0}); it != processes_.end() && it->first.node == node; ++it)
    if (it->second.alive) return &it->second;
  return nullptr;
}

std::vector<process_host::leftover> process_table::left_behind(const node_id& node) const {
  std::vector<process_host::leftover> left;
  for (auto it = processes_.lower_bound({node, 0}); it != processes_.end() && it->first.node == node; ++it) {
    const auto& one = it->second;
    if (one.pid != 0 && !one.unwanted)
      left.push_back({it->first.generation, one.note, one.alive, one.started, one.exited});
  }
  return left;
}

std::vector<unclaimed_process> process_table::unclaimed() const {
  std::vector<unclaimed_process> left;
  for (const auto& [id, one] : processes_)
    if (!one.owner) left.push_back({id, one.pid, one.alive});
  return left;
}

void process_table::note_generation(const process_id& id) {
  auto& highest = generations_[id.node];
  highest = std::max(highest, id.generation);
}

alder::generation process_table::last_generation(const node_id& node) const {
  const auto found = generations_.find(node);
  return found == generations_.end() ? 0 : found->second;
}

bool process_table::retire(const process_id& id) {
  auto taken = processes_.extract(id);
  if (taken.empty() || taken.mapped().pid == 0) return false;
  auto& one = taken.mapped();
  one.kept.put(holding::pidfd, unique_fd{});
  ended_[id] = {one.pid, std::move(one.kept), one.note, one.told_start, one.exited, false};
  return true;
}

void process_table::note_drained(const process_id& id) {
  auto& ended = ended_[id];
  ended.kept = {};
  ended.is_drained = true;
}

std::vector<process_id> process_table::take_settled(const std::function<bool(const process_id&)>& may_forget,
                                                    std::size_t most) {
  std::vector<process_id> settled;
  for (auto next = ended_.begin(); next != ended_.end();) {
    const bool stays = !next->second.is_drained || (may_forget && !may_forget(next->first) && ended_.size() <= most);
    if (!stays) settled.push_back(next->first);
    next = stays ? std::next(next) : ended_.erase(next);
  }
  return settled;
}

std::vector<keeper::handed_child> process_table::everything() const {
  std::vector<keeper::handed_child> all;
  const auto add = [&all](const process_id& id, const auto& of) {
    all.push_back({{.id = id.node,
                    .generation = id.generation,
                    .pid = of.pid,
                    .note = wire::encode(of.note),
                    .started_ms = of.told_start.time_since_epoch().count(),
                    .exited = of.exited,
                    .held = {}},
                   &of.kept});
  };
  for (const auto& [id, one] : processes_)
    if (one.pid != 0) add(id, one);
  for (const auto& [id, gone] : ended_)
    if (gone.exited) add(id, gone);
  return all;
}

} // namespace alder::actors
