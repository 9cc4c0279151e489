// A moment in a format of moment.js, as `log_date_format` has it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace alder::wire {

/// Tokens: YYYY YY M MM MMM MMMM D DD d dd ddd dddd H HH h hh m mm s ss SSS Z ZZ A a X x and [literal]; what is none
/// stays as it is. `utc_offset`: of the zone the moment is shown in; the offset is shown to the minute.
[[nodiscard]] std::string moment_text(std::string_view format, std::chrono::sys_time<std::chrono::milliseconds> at,
                                      std::chrono::seconds utc_offset);

/// ISO 8601: "2026-11-28T10:00:00.123Z", or with the offset in place of Z when there is one.
inline constexpr std::string_view iso_format = "YYYY-MM-DDTHH:mm:ss.SSSZ";

} // namespace alder::wire
