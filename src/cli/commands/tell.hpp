// Requests to programs that run: signal, send, msg.
#pragma once

#include "cli/common/session.hpp"

#include <string>
#include <vector>

namespace alder::cli {

/// POSTs `body` to `verb` of each node that `words` mean. Failures are told; returns the code of the first.
exit_code tell_each(session& s, const std::vector<std::string>& words, const std::string& verb,
                    const std::string& body);

} // namespace alder::cli
