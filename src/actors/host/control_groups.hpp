// The control groups of processes: made before they start, removed when nothing of them is left. Loop thread only.
#pragma once

#include "actors/host/keeper_gate.hpp"
#include "actors/host/look_again.hpp"
#include "actors/host/process_table.hpp"

#include "runtime/os/cgroup_home.hpp"

#include "alder/spec.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace alder::actors {

class control_groups {
public:
  control_groups(boost::asio::io_context& loop, const keeper_gate& gate);

  /// Where they are noted (wire::cgroup_list); before begin(). Without it no service can have one.
  void note_in(std::string list) { list_ = std::move(list); }
  /// Below the keeper that the gate leads to.
  void begin();
  /// Another keeper is there.
  void follow();

  /// Makes that of a process which is to start: its directory, empty when it wants none. Errors: unavailable, and those
  /// of os::cgroup_home::make.
  [[nodiscard]] result<std::string> give(const process_id& id, const service_spec& spec);
  /// That of a process which was taken over; empty: it has none.
  [[nodiscard]] std::string find(const process_id& id) const;
  /// Its service is over: what is left in it is killed, and it is removed as soon as it is empty.
  void drop(const std::string& group);
  /// Drops those of processes that nobody knows any more.
  void clear(const std::set<std::string>& known);

private:
  void look();

  const keeper_gate& gate_;
  std::string list_;
  std::optional<os::cgroup_home> home_;
  std::set<std::string> dropped_; ///< that could not be removed yet
  std::chrono::milliseconds until_next_look_{20};
  look_again timer_;
};

/// What the kernel says about the end of a process besides its status: counters of a group begin with it, and each
/// process has its own, so that what they say is about this one.
[[nodiscard]] std::string kernel_words(const held_process& process);

} // namespace alder::actors
