// One line of output as a JSON object, for files of the format `json`.
#pragma once

#include <string>
#include <string_view>

namespace alder::wire {

struct log_object {
  std::string_view time;
  std::string_view stream; ///< "out" or "err"
  std::string_view line;   ///< any bytes, without the line end
  bool partial = false;    ///< the line continues in the next object, or has no end yet
};

/// Adds {"time":…,"stream":…,"line":…} and a line end to `text`; `partial` is there when it is true. Bytes that are no
/// UTF-8 become U+FFFD.
void add_log_object(std::string& text, const log_object& object);

} // namespace alder::wire
