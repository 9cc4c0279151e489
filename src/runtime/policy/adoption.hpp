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

#include "alder/cause.hpp"

#include <cstdint>
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

} // namespace alder::policy
