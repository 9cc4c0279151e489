// Changes of nodes by name: start, stop, restart, reset, remove.
#pragma once

#include "cli/commands/change.hpp"
#include "cli/commands/selection.hpp"

#include <functional>
#include <string>
#include <vector>

namespace alder::cli {

/// Carries out one change a name, one after the other, until one is interrupted or the daemon is gone. Returns the
/// first code that is not ok.
exit_code change_each(session& s, const std::vector<std::string>& names,
                      const std::function<change(const std::string&)>& change_of);

/// POSTs `verb` for each node that the words of the command line mean.
exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already,
                       all_means all = all_means::trees);

} // namespace alder::cli
