// Reads a stream of lines until it ends, the reader has gone or somebody presses Ctrl-C.
#pragma once

#include "cli/common/session.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace alder::cli {

/// The target of what a stream had not sent yet when its daemon was replaced.
using resumption = std::function<std::string()>;

/// `on_line` returns false to end it. Failures are told. Ctrl-C gives exit_code::interrupted, a reader that has gone
/// and the stream's own end give ok. With `resume` it outlives its daemon and goes on with the next one.
exit_code follow_lines(session& s, const std::string& target, const std::function<bool(std::string_view)>& on_line,
                       const resumption& resume = {});

/// "?tail=5&follow=1&name=a&name=b" for the options and words of the command line.
[[nodiscard]] std::string stream_query(const invocation& wanted, std::string_view name_key, unsigned default_tail);

/// The exit code after a signal.
[[nodiscard]] exit_code code_of_signal(int signal);

} // namespace alder::cli
