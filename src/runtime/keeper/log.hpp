// The keeper's few lines for people: on stderr, which is STATE/keeper.log once it has left the terminal.
#pragma once

#include <string>

namespace alder::keeper {

/// One line with the time in UTC and the pid before it; cut at 2000 bytes.
void say(const std::string& text);

} // namespace alder::keeper
