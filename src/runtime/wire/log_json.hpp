// Lines of output as the API shows them, and the places to continue at.
#pragma once

#include "runtime/wire/json_value.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alder::wire {

/// One line of output.
struct log_line {
  wall_time at{}; ///< zero: not known
  std::string tree;
  std::string service;
  std::string stream;   ///< "out" or "err"
  std::string line;     ///< without its end; any bytes
  bool partial = false; ///< the line was too long and continues in the next one
  std::string cursor{}; ///< the place after it (log_cursor.hpp); empty: not requested

  [[nodiscard]] bool is_err() const { return stream == "err"; }
};
void to_json(json_value& value, const log_line& line);
void from_json(const json_value& value, log_line& line);
[[nodiscard]] std::string log_line_json(const log_line& line);

/// Output that was deleted before a follower had read it: everything written in this period.
struct log_gap {
  wall_time from{}; ///< zero: not known
  wall_time to{};
  std::string tree;
  std::string service;
  std::string stream;
};
[[nodiscard]] std::string log_gap_json(const log_gap& gap);

/// Where to continue with sources that have no line here.
struct log_cursors {
  std::vector<std::string> cursors;
};
[[nodiscard]] std::string log_cursors_json(const std::vector<std::string>& cursors);

/// One object of a stream of log lines.
using log_item = std::variant<log_line, log_gap, log_cursors>;
/// Errors (io): not an object.
[[nodiscard]] result<log_item> read_log_item(std::string_view text);

/// The body of POST /v1/logs: {"after":[…]}; an empty body has none. Errors: invalid_input.
[[nodiscard]] std::string after_body(const std::vector<std::string>& cursors);
[[nodiscard]] result<std::vector<std::string>> parse_cursors(std::string_view body);

} // namespace alder::wire
