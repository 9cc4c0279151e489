// The daemon's own log, on stderr, which the keeper has opened to its file. The only user of spdlog.
#pragma once

#include <string>

namespace alder::daemon {

/// Before the first line.
void open_log();
void log_info(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

} // namespace alder::daemon
