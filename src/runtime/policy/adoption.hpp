// What to do with a child after a crash, decided from its record in the journal and from the processes that the keeper
// holds. Pure.
//
//   keeper: newest process       journal                         then
//   runs                         anything                        take it over (the journal may be behind)
//   ended, not decided on yet    not settled                     take its exit over: it counts now
//   ended                        settled                         stay down
//   ended, decided on            an attempt is put off           wait for it
//   ended, decided on            else                            start, without counting
//   none                         settled / put off / else        stay down / wait / start
#pragma once

#include "runtime/policy/supervision_memory.hpp"

#include "alder/cause.hpp"
#include "alder/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::policy {

/// What the journal says about one child; all zero: it says nothing.
struct remembered_child {
  alder::generation generation = 0; ///< the highest that was started
  alder::generation ended = 0;      ///< the highest whose end was decided on
  bool settled = false;             ///< it is down until somebody asks for it
  bool restarting = false;          ///< its next attempt is put off
};
/// A process of this child that the keeper holds.
struct held_process {
  alder::generation generation = 0;
  bool alive = false;
};

struct adoption {
  enum class action : std::uint8_t {
    start,     ///< a new process, not counted as a restart
    take_over, ///< the process `generation`, which runs, or whose exit nobody has decided on
    wait,      ///< for the attempt that was put off
    stay_down,
  };
  action what = action::start;
  alder::generation generation = 0;     ///< of the process to take over; else the highest there was
  std::vector<alder::generation> stale; ///< other processes of this child: dead ones are forgotten, living ones killed

  bool operator==(const adoption&) const = default;
};

/// `held` in any order, generations unlike.
[[nodiscard]] adoption adopt(const remembered_child& known, std::vector<held_process> held);

/// What was being done to a child when its daemon was lost.
struct interrupted_child {
  std::string id;
  adoption decided;
  const unfinished_work* work = nullptr;  ///< of its supervisor; null: none
  std::optional<alder::generation> taken; ///< what of it is taken over; nothing: nothing is
  std::optional<former_state> former;     ///< what people saw of it; nothing: it was not looked at
  bool forced = false;                    ///< it was being ended because it was not well
  bool only_running = false;              ///< its supervisor is only to stop what runs
  alder::generation counted = 0;          ///< up to this one its starts are counted
};
/// How that goes on.
struct continuation {
  std::optional<cause> stop_why; ///< it is being stopped, for this reason
  /// Another supervisor was stopping it on request, in the middle of a change that moves it. It is stopped as it would
  /// have been; the change starts it again.
  bool ends_for_another = false;
  bool is_counted = false; ///< its next start was counted already, and was not made
  bool operator==(const continuation&) const = default;
};
[[nodiscard]] continuation go_on_with(const interrupted_child& child);

} // namespace alder::policy
