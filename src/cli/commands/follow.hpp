// Reads a stream of lines until it ends, the reader has gone or somebody presses Ctrl-C. A followed stream continues
// when the daemon is replaced.
#pragma once

#include "cli/common/client.hpp"
#include "cli/common/session.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

/// A stream of lines.
struct line_source {
  std::function<call()> next;                    ///< what to request, at first and after the daemon was replaced
  std::function<bool(std::string_view)> on_line; ///< returns false to end it
  bool goes_on = false;                          ///< it has no end of its own
};

/// Reports failures. Returns exit_code::interrupted on Ctrl-C, ok when the reader has gone or the stream ends. A stream
/// that is followed is requested again as long as a keeper starts new daemons.
exit_code follow_lines(session& s, const line_source& from);

/// Whether past lines are shown before those that come.
enum class stream_past : std::uint8_t { shown, known };

/// "?tail=5&follow=1&name=a&name=b" for the options of the command line and these names.
[[nodiscard]] std::string stream_query(const invocation& wanted, const std::vector<std::string>& names,
                                       std::string_view name_key, unsigned default_tail,
                                       stream_past past = stream_past::shown);

/// The exit code after a signal.
[[nodiscard]] exit_code code_of_signal(int signal);

} // namespace alder::cli
