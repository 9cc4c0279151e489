// Reads a stream of lines until it ends, the reader has gone or somebody presses Ctrl-C.
#pragma once

#include "cli/common/session.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace alder::cli {

/// `on_line` returns false to end it. Failures are told. Ctrl-C gives exit_code::interrupted, a reader that has gone
/// and the stream's own end give ok.
exit_code follow_lines(session& s, const std::string& target, const std::function<bool(std::string_view)>& on_line);

/// "?tail=5&follow=1&name=a&name=b" for the options and words of the command line.
[[nodiscard]] std::string stream_query(const invocation& wanted, std::string_view name_key, unsigned default_tail);

/// The exit code after a signal.
[[nodiscard]] exit_code code_of_signal(int signal);

} // namespace alder::cli
