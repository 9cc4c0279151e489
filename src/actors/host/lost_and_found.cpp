#include "actors/host/lost_and_found.hpp"

#include "actors/host/start_plan.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

/// Holds it as its keeper did, with `held` of it already; one that has ended keeps what is known of that.
void hold_again(keeper::child& child, const os::lost_process& lost) {
  const auto& known = lost.process;
  child.adrift = true;
  auto pidfd = os::open_same_process(known.pid, known.start_ticks);
  if (!pidfd) {
    child.exited = lost.exited.value_or(exit_status{});
    return;
  }
  holdings held;
  held.put(holding::pidfd, std::move(*pidfd)); // first, as of a start
  held.add(std::move(child.held));
  if (!held[holding::out]) held.put(holding::out, os::reopen_pipe(known.pid, 1, known.out));
  if (!held[holding::err]) held.put(holding::err, os::reopen_pipe(known.pid, 2, known.err));
  child.held = std::move(held);
}

} // namespace

outcome lost_and_found::has_descriptors_for(const std::vector<store::noted_process>& noted,
                                            os::descriptor_budget& budget) const {
  const auto living = std::count_if(noted.begin(), noted.end(), [this](const auto& one) {
    return table_.find({one.id, one.generation}) == nullptr && os::lives(one);
  });
  if (living == 0) return success();
  const auto needed = static_cast<std::size_t>(living) * descriptors_of_a_process;
  const auto have = budget.refuse(needed);
  if (!have) return success();
  return os::too_few_descriptors("taking over " + counted(living, "running service"), needed, *have, budget.reserve());
}

/// What this keeper was told of is as it has it.
lost_and_found::lost lost_and_found::find(const std::vector<store::noted_process>& noted, wall_time now) const {
  lost all;
  for (auto& [key, one] : os::find_lost(noted, book_, keeper_.keeper().member_prefix(), now)) {
    const process_id id{key.first, key.second};
    const auto* known = table_.find(id);
    if (one.is_seen && known != nullptr && known->pid != 0) continue;
    all.emplace(id, std::move(one));
  }
  return all;
}

void lost_and_found::end(const std::vector<store::noted_process>& noted) {
  auto all = find(noted, {});
  std::erase_if(all, [this](const auto& one) { return table_.find(one.first) != nullptr; }); // of this keeper
  for (const auto& [id, one] : all) { // all are known before the first look at the system
    members_.add(id, os::member_table::since::before);
    if (os::open_same_process(one.process.pid, one.process.start_ticks)) members_.set_main(id, one.process.pid);
  }
  for (const auto& [id, one] : all) {
    members_.kill(id);
    members_.remove(id);
  }
}

lost_and_found::former_life lost_and_found::adopt(const std::vector<store::noted_process>& noted, wall_time now) {
  std::size_t known = 0; // by a keeper that was told of some
  std::size_t alive = 0;
  std::size_t ended = 0;
  for (const auto& [id, one] : find(noted, now)) {
    if (commands_.end_lost(id, one.process.pid, one.process.start_ticks)) continue;
    if (table_.find(id) != nullptr)
      ++known;
    else
      ++(adopt(one) ? alive : ended);
  }
  if (alive + ended == 0) return {known > 0, {}};
  return {true, "the keeper and the daemon were killed together: " + counted(alive, "service") +
                    (alive == 1 ? " was found running and is" : " were found running and are") + " supervised again, " +
                    std::to_string(ended) + " had exited"};
}

/// Whether it lives.
bool lost_and_found::adopt(const os::lost_process& one) {
  const auto& known = one.process;
  keeper::child child{.id = known.id,
                      .gen = known.generation,
                      .pid = known.pid,
                      .held = {},
                      .note = known.note,
                      .started = wall_time{std::chrono::milliseconds{known.started_ms}},
                      .exited = {}};
  hold_again(child, one);
  const bool lives = !child.exited;
  give_to_keeper(child);
  host_.take(std::move(child));
  return lives;
}

/// It is no child of the keeper.
void lost_and_found::give_to_keeper(const keeper::child& child) {
  const keeper::handed_child handed{{.id = child.id,
                                     .generation = child.gen,
                                     .pid = child.pid,
                                     .note = child.note,
                                     .started_ms = child.started.time_since_epoch().count(),
                                     .exited = child.exited,
                                     .held = {}},
                                    &child.held};
  (void)keeper_.act().hand_over(handed); // a keeper that does not take it is lost, which shows by itself
}

void lost_and_found::settle(std::vector<keeper::client::unanswered> starts, wall_time now) {
  if (starts.empty()) return;
  const auto made = find({}, now);
  for (auto& start : starts) {
    const process_id id{start.id, start.gen};
    const auto* known = table_.find(id);
    const auto found = made.find(id);
    const bool is_wanted = known != nullptr && known->asked;
    if (found != made.end() && is_wanted) {
      take_late_start(id, start, found->second, now);
    } else if (is_wanted) {
      keeper_.act().spawn(*known->asked);
    } else {
      if (found != made.end())
        (void)commands_.end_lost(id, found->second.process.pid, found->second.process.start_ticks);
      members_.kill(id);
      host_.on_spawn_failed(id, {error_kind::unavailable, "the keeper was killed in the meantime", 0});
    }
  }
}

/// It may have ended by now: that is an exit like another.
void lost_and_found::take_late_start(const process_id& id, keeper::client::unanswered& start,
                                     const os::lost_process& one, wall_time now) {
  keeper::child child{.id = id.node,
                      .gen = id.generation,
                      .pid = one.process.pid,
                      .held = {},
                      .note = wire::encode(table_.find(id)->note),
                      .started = now,
                      .exited = {}};
  if (start.begun) child.held = std::move(*start.begun);
  hold_again(child, one);
  const auto exited = child.exited;
  give_to_keeper(child);
  host_.on_spawned(std::move(child));
  if (exited) host_.on_exited(id, one.process.pid, *exited);
}

} // namespace alder::actors
