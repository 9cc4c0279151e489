#include "runtime/wire/log_datagram.hpp"

#include "runtime/wire/moment_format.hpp"

#include <algorithm>

namespace alder::wire {
namespace {

constexpr unsigned severity_err = 3;
constexpr unsigned severity_info = 6;
constexpr std::size_t longest_name = 48; // of APP-NAME, RFC 5424

unsigned severity_of(const log_message& message) { return message.err ? severity_err : severity_info; }

/// A name without what would end it; "-" when nothing is left.
std::string name_text(std::string_view name, std::size_t most) {
  std::string text;
  for (const char c : name.substr(0, most))
    text += c > ' ' && c < 0x7F && c != ':' && c != '[' && c != ']' ? c : '_';
  return text.empty() ? "-" : text;
}

/// Binary values have their length before them: only so they may hold line ends.
void add_field(std::string& into, std::string_view name, std::string_view value) {
  into += name;
  if (value.find('\n') == std::string_view::npos) {
    ((into += '=') += value) += '\n';
    return;
  }
  into += '\n';
  auto size = static_cast<std::uint64_t>(value.size());
  for (int i = 0; i < 8; ++i, size >>= 8U) // little-endian
    into += static_cast<char>(size & 0xFFU);
  (into += value) += '\n';
}

/// "Nov  5 09:01:02": the day is padded with a space.
std::string old_time(const log_message& message) {
  auto text = moment_text("MMM DD HH:mm:ss", message.at, message.utc_offset);
  if (text.size() > 4 && text[4] == '0') text[4] = ' ';
  return text;
}

} // namespace

void write_syslog(std::string& into, const log_message& message, syslog_format format, unsigned facility) {
  into.clear();
  ((into += '<') += std::to_string(facility * 8 + severity_of(message))) += '>';
  const auto tag = name_text(message.tag, longest_name);
  switch (format) {
  case syslog_format::rfc3164: (((into += old_time(message)) += ' ') += tag) += ": "; break;
  case syslog_format::rfc5424:
    into += "1 ";
    into += moment_text(iso_format, message.at, message.utc_offset);
    ((into += ' ') += message.host.empty() ? std::string{"-"} : name_text(message.host, 255)) += ' ';
    (into += tag) += " - - - ";
    break;
  }
  // A NUL would end the message for many that read it.
  const auto begin = into.size();
  into += message.line;
  std::replace(into.begin() + static_cast<std::ptrdiff_t>(begin), into.end(), '\0', ' ');
}

void write_journal(std::string& into, const log_message& message, unsigned facility) {
  into.clear();
  add_field(into, "MESSAGE", message.line);
  add_field(into, "PRIORITY", std::to_string(severity_of(message)));
  add_field(into, "SYSLOG_FACILITY", std::to_string(facility));
  add_field(into, "SYSLOG_IDENTIFIER", message.tag);
  if (!message.tree.empty()) add_field(into, "ALDER_TREE", message.tree);
  add_field(into, "ALDER_SERVICE", message.service);
  add_field(into, "ALDER_STREAM", message.err ? "err" : "out");
}

} // namespace alder::wire
