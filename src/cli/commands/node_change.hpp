// start, stop and restart of nodes by name.
#pragma once

#include "cli/common/progress.hpp"
#include "cli/common/session.hpp"

#include <string>

namespace alder::cli {

/// POSTs `verb` for each NAME of the command line, one after the other. Returns the first code that is not ok.
exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already);

} // namespace alder::cli
