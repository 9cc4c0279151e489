// What is still to do to make a tree what its configuration says: the difference, what an earlier change was told to
// leave alone, and what has become of it since; and what becomes of each when it is taken up.
#pragma once

#include "actors/base/board.hpp"
#include "actors/edge/catalog.hpp"

#include "runtime/config/tree_edit.hpp"
#include "runtime/store/journal_values.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

/// What `after` changes in the tree that is up, by their `difference`; of what earlier changes left, nodes that were
/// added and never started and services that still run as they were started before; services that run with secrets that
/// were replaced since, if `secrets` has the fingerprints of their files as they are now, by service; and what has
/// failed.
[[nodiscard]] std::vector<config::tree_change> outstanding(const known_tree& now, const supervisor_spec& after,
                                                           std::vector<config::tree_change> difference,
                                                           const board& nodes, const catalog& trees,
                                                           const std::map<std::string, std::uint64_t>& secrets = {});

/// Whether the node still is what it was when the change left it: not started, or not restarted, since.
[[nodiscard]] bool is_left(const store::left_change& left, const node_ptr& node);

/// What becomes of a change: the one place where that is decided, for those who ask first and for those who do it.
enum class consequence : std::uint8_t {
  at_once,         ///< it counts
  start,           ///< the node is started
  not_started,     ///< it is there, and down
  with_supervisor, ///< it is started with its supervisor, which is down
  stop,            ///< the node is stopped and forgotten
  left_running,    ///< it stays, though the configuration does not have it
  restart,         ///< the process is restarted
  next_start,      ///< it counts from the next start of the process on
  replace,         ///< the node is stopped, and started as what it is now
  refuse,          ///< it cannot be without a replacement, so that nothing of all this is done
  left_scaled,     ///< the number of instances stays
  left_failed,     ///< it stays down
};
[[nodiscard]] std::string_view word(consequence what);
[[nodiscard]] consequence consequence_of(const config::tree_change& change, const store::change_options& options,
                                         const std::string& tree, const board& nodes);

} // namespace alder::actors
