// A line of output as a datagram for syslog or for the journal.
#pragma once

#include "alder/log_spec.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace alder::wire {

/// A line and what goes with it.
struct log_message {
  std::string_view line;    ///< any bytes, without the line end
  bool err = false;         ///< from standard error: severity `err`, else `info`
  std::string_view tag;     ///< the program's name
  std::string_view tree;    ///< of the service; empty: there is none
  std::string_view service; ///< its name in that
  std::string_view host;
  std::chrono::sys_time<std::chrono::milliseconds> at{};
  std::chrono::seconds utc_offset{0}; ///< of the time that is shown
};

/// How long a line is in one datagram; longer ones go in pieces.
inline constexpr std::size_t most_syslog_line = 8000;
inline constexpr std::size_t most_journal_line = std::size_t{48} * 1024;

/// Replaces `into` by a message for /dev/log: RFC 3164 as the C library writes it (no host, local time), or RFC 5424.
void write_syslog(std::string& into, const log_message& message, syslog_format format, unsigned facility);

/// Replaces `into` by an entry in the journal's native protocol: MESSAGE, PRIORITY, SYSLOG_FACILITY,
/// SYSLOG_IDENTIFIER, ALDER_TREE, ALDER_SERVICE and ALDER_STREAM.
void write_journal(std::string& into, const log_message& message, unsigned facility);

} // namespace alder::wire
