// What a supervisor must know to go on exactly where its predecessor was, after a crash of the daemon or of its actor.
#pragma once

#include "runtime/policy/restart_decision.hpp"
#include "runtime/policy/restart_history.hpp"

#include "alder/cause.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::policy {

/// Of a child that has something to remember.
struct child_memory {
  alder::generation generation = 0; ///< number of its start attempts
  alder::generation ended = 0;      ///< the highest generation whose end was decided on: that exit never counts again
  unsigned attempts = 0;            ///< for the backoff
  restart_memory limits;            ///< for its restart_limit
  bool restarting = false;          ///< between an attempt that failed or was put off and the next
  bool counted = false;             ///< that attempt is counted already
  time_point due;                   ///< when it is to be made
  cause pending;                    ///< why

  bool operator==(const child_memory&) const = default;
};

/// A plan that was being carried out.
struct unfinished_work {
  enum class kind : std::uint8_t {
    restart, ///< the members stop in reverse order, and start again
    stop,    ///< the members stop in reverse order
    start,   ///< the members start
    begin,   ///< the supervisor's own start: all children, in order; if one fails, all are stopped again
    end,     ///< all children stop, and the supervisor ends by its own decision
    undo,    ///< all children stop, because one did not start: the supervisor's own start failed
  } what = kind::restart;
  struct member {
    std::string id;
    alder::generation generation = 0; ///< when the work began; a process with a higher one is the work's result
    cause why;
    bool operator==(const member&) const = default;
  };
  std::string origin;          ///< the child it is about
  bool automatic = true;       ///< false: somebody asked for it
  std::vector<member> members; ///< in start order
  bool keep_going = false;     ///< of `begin`: a child that does not start stays down, and the others go on
  cause why;                   ///< of `end` and `undo`: why the children are stopped
  std::string detail;          ///< of `end`: of its exit; of `undo`: why `origin` did not start
  bool gave_up = false;        ///< of `end`

  /// Nothing is started any more.
  [[nodiscard]] bool ends() const { return what == kind::end || what == kind::undo; }
  bool operator==(const unfinished_work&) const = default;
};

/// As the journal and people are told; nothing for a word that is none of these.
[[nodiscard]] std::string_view word(unfinished_work::kind what);
[[nodiscard]] std::optional<unfinished_work::kind> work_named(std::string_view word);

/// Of restarts that still count no more are remembered.
inline constexpr std::size_t most_remembered_restarts = 4096;

struct supervision_memory {
  alder::generation generation = 0;             ///< of the supervisor itself; 0: it was never started
  std::vector<time_point> restarts;             ///< those that count for the intensity, newest first
  std::map<std::string, child_memory> children; ///< by id
  std::optional<unfinished_work> under_way;

  bool operator==(const supervision_memory&) const = default;
};

} // namespace alder::policy
