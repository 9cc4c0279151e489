// Which nodes the words of a command line mean: names, patterns such as 'api:*', or all.
#pragma once

#include "cli/common/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::cli {

/// What is to be done with the nodes, which decides what a pattern and "all" mean. A pattern means the services it
/// matches, by their own name or their pool's. As when a tree is started, neither starts a task that waits for its
/// schedule nor a service with `autostart: false`; and neither runs again what has finished.
enum class purpose : std::uint8_t {
  change,  ///< all: every tree, each as a whole and in its own order
  start,   ///< all: what is down, a supervisor or a tree as a whole
  restart, ///< as change
  look,    ///< all: every service
  tell,    ///< a pattern: those that run; all: every tree in which something runs
  scale,   ///< a pattern: the pools it matches; all: every pool
};

/// Whether a word is a pattern: it has one of *, ? and [.
[[nodiscard]] bool is_pattern(const std::string& word);

/// The names to act on, in the order of the words and, for a pattern, of the trees. A word with *, ? or [ is a pattern
/// (fnmatch) over names, alone or as tree/name; "all" means all unless a node is called so; every other word is itself,
/// and whether it exists turns out when it is acted on. Nothing is returned when a pattern matches nothing
/// (exit_code::no_such_node) or the daemon does not answer; then it has been reported. An empty list: "all" of nothing,
/// or of what is left alone, which is reported and no failure.
[[nodiscard]] std::optional<std::vector<std::string>> select_nodes(session& s, const std::vector<std::string>& words,
                                                                   purpose what);

/// The words as the filter of a request that understands patterns itself: none when "all" is among them and no node is
/// called so. Nothing is returned when the daemon does not answer, which has been reported.
[[nodiscard]] std::optional<std::vector<std::string>> filter_words(session& s, const std::vector<std::string>& words);

/// Asks a person at a terminal; a script is taken at its word.
[[nodiscard]] bool is_confirmed(session& s, const std::string& question);

} // namespace alder::cli
