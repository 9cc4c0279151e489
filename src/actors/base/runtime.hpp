// What every actor of the daemon shares, and the seams that tests replace.
#pragma once

#include "actors/base/board.hpp"
#include "actors/base/messages.hpp"
#include "actors/base/process_host.hpp"

#include "runtime/os/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

/// Shared by reference with every actor; outlives the actor system.
struct runtime {
  process_host& os;
  board nodes;
  /// Wall clock for what people read; a seam because tests live on a virtual clock. It may be set at any time.
  std::function<wall_time()> wall_now;
  /// Where events go; the event bus when it is there.
  event_bus_actor events;
  /// The supervisor that answers for each node: by node id, its parent.
  std::map<node_id, supervisor_actor> parents;
  /// The supervisors that are up.
  std::map<node_id, supervisor_actor> supervisors = {};
  /// Told of each supervisor report (section 13 of OTP's rules), in order. People hear the same as events;
  /// by this the conformance tests compare them.
  std::function<void(const std::string& tree, const std::string& supervisor, const policy::report&)> on_report = {};
  /// What the successor of each supervisor must know, by node id; written down by whoever set `on_remembered`, which is
  /// told whose memory changed, and in which children.
  std::map<node_id, policy::supervision_memory> memories = {};
  std::function<void(const node_id& supervisor, const std::vector<std::string>& children)> on_remembered = {};
  /// A child that was added by hand is no more, for its supervisor began a new life.
  std::function<void(const std::string& tree, const std::string& name)> on_forgotten = {};
  /// What a supervisor of a tree is going to be while a change of the tree is carried out: it starts anew as that,
  /// without what is being removed. Null: it is what its parent knows. Without it nothing changes.
  std::function<supervisor_ptr(const std::string& tree, const std::string& name)> changing_to = {};
  /// Watches files until the answer is let go; `changed` is called on the loop thread. Without it nothing is watched.
  std::function<std::shared_ptr<void>(const watch_spec& what, std::function<void(const std::string& path)> changed)>
      watch_files = {};
  /// The wall clock as if nobody set it: what the times of the board are on. Without it nobody does.
  std::function<wall_time()> steady_clock = {};
  /// When the machine was booted, on that clock: what is since then is true for later daemons too.
  wall_time boot{};
  /// The clock of timers, which times that supervisors remember are on; a seam, too.
  std::function<policy::time_point()> timer_now = os::timer_now;

  [[nodiscard]] wall_time steady_now() const { return steady_clock ? steady_clock() : wall_now(); }
  /// Tells people what happens, at this moment: the one place where an event gets its time and goes to the bus. Before
  /// there is a bus nobody is told.
  void announce(event what) const;
  /// What a time of the board is for people, by the wall clock as it is now.
  [[nodiscard]] std::chrono::milliseconds clock_shift() const { return wall_now() - steady_now(); }
};

[[nodiscard]] inline node_id id_of(const std::string& tree, const std::string& name) { return {tree, name}; }

} // namespace alder::actors
