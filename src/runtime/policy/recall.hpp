// What a daemon makes of what a former one wrote down of a node, and what is worth writing down for the next. Pure.
//
//   what ended   its processes               a node that was up           times, restarts, last exit
//   daemon       run, the keeper has them    is taken over                all known
//   keeper       ended with the keeper       is down until asked for      known; numbers begin anew
//   reboot       ended with the machine      comes up again               known; numbers begin anew
#pragma once

#include "runtime/policy/supervision_memory.hpp"

#include "alder/cause.hpp"
#include "alder/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder::policy {

/// What is over when a daemon begins, and whether the trees that were up are to be up again.
enum class what_ended : std::uint8_t {
  daemon, ///< the keeper kept their processes: they are taken over
  keeper, ///< the machine or the keeper went down: they are known, and stopped
  reboot, ///< the same, but what was up is to come up again
};

/// Why everything is stopped when the daemon is.
inline const cause end_of_daemon{cause::kind::tree_stop, {}, "the daemon is stopping", {}};

/// Whether both are the same to a successor, but for what programs say of themselves.
[[nodiscard]] bool is_same_to_successor(const node_snapshot& a, const node_snapshot& b);

/// Makes `node`, which is laid out anew, what is known of it by its record.
void recall(node_snapshot& node, const node_snapshot& record, what_ended before);

/// Its process, if it had one, ended with its keeper: nobody knows how. Of one that was stopped it is known.
void end_with_keeper(node_snapshot& node);

/// How a tree that was up came to be down when everything ended.
struct interruption {
  bool in_order = false; ///< the daemon was stopped, else the machine or the keeper went down
  std::string why;       ///< for people
};
/// `root`: its root as it was recalled; null: nothing is known of it.
[[nodiscard]] interruption interruption_of(const node_snapshot* root);
/// Lets a node of the tree lie down because of it. No-op for one that was down before, for a reason of its own.
/// `now`: since when the root is down, if nobody saw it.
void lie_down(node_snapshot& node, const interruption& because, wall_time now);

/// What is to be written down of a node while everything is being stopped, so that what was up then comes up again
/// after a boot; nothing: what was noted before stays. What was down keeps its reason; all others are down because
/// everything stopped, also those whose start was cut short.
[[nodiscard]] std::optional<node_snapshot> record_at_shutdown(const node_snapshot& node,
                                                              const std::optional<node_snapshot>& noted);

/// Whether all that follows from the end of this process was decided, so that nobody has to be told of it again.
/// `node`: its node, null: there is none; `supervisor`: what is remembered by the node's, null: nobody looks after it.
[[nodiscard]] bool is_decided(const node_snapshot* node, const supervision_memory* supervisor, generation ended);

} // namespace alder::policy
