// Time zones as the system's database has them: TZif files (RFC 8536) in /usr/share/zoneinfo.
#pragma once

#include "alder/error.hpp"
#include "alder/schedule.hpp"

#include <string>
#include <string_view>

namespace alder::config {

/// The zone in the bytes of such a file, version 2 or later; `name` is what it will be called. Errors (invalid_input):
/// it is none, it is damaged, or its yearly rules are of a kind no zone of our time has.
[[nodiscard]] result<time_zone> parse_zone_file(std::string_view bytes, std::string name);

/// Whether a name can be one of the database's: "Europe/Berlin", without leading '/' and "..".
[[nodiscard]] bool is_zone_name(std::string_view name);

} // namespace alder::config
