// Changes of nodes by name: start, stop, restart, reset, remove.
#pragma once

#include "cli/commands/change.hpp"
#include "cli/commands/selection.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace alder::cli {

/// What is done with the names after one whose change has failed.
enum class after_failure : std::uint8_t { go_on, stop };

/// Carries out one change a name, one after the other, until one is interrupted, the time is over or the daemon is
/// gone. Returns the first code that is not ok. With after_failure::stop the first failure ends it; the names that are
/// left are told.
exit_code change_each(session& s, const std::vector<std::string>& names,
                      const std::function<change(const std::string&)>& change_of,
                      after_failure then = after_failure::go_on);

/// POSTs `verb` for each node that the words of the command line mean.
exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already,
                       purpose what = purpose::change);

} // namespace alder::cli
