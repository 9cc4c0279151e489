// Which nodes the words of a command line mean: names, patterns such as 'api:*', or all.
#pragma once

#include "cli/common/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace alder::cli {

/// What "all" stands for.
enum class all_means {
  trees,       ///< every tree, each as a whole and in its own order
  what_is_down ///< trees that are down, and of the others every service that is
};

/// The names to act on, in the order of the words and, for a pattern, of the trees. A word with *, ? or [ is a pattern
/// (fnmatch) over the names of services, alone or as tree/name; "all" means all unless a node is called so; every other
/// word is itself, and whether it exists is found out by whoever acts on it. Nothing is returned when a pattern matches
/// nothing (exit_code::no_such_node) or the daemon does not answer; then it has been reported. An empty list: "all" of
/// nothing, which is reported and no failure.
[[nodiscard]] std::optional<std::vector<std::string>> select_nodes(session& s, const std::vector<std::string>& words,
                                                                   all_means all);

} // namespace alder::cli
