// The text of a cron expression.
#pragma once

#include "alder/error.hpp"
#include "alder/schedule.hpp"

#include <string_view>

namespace alder::config {

/// Five fields (minute, hour, day of the month, month, day of the week) or six, the first then being seconds; or one of
/// @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly. A field is a list of `*`, `n`, `a-b`, `*/n` and
/// `a-b/n`; months and weekdays have names too, 7 is Sunday, `?` is `*`, and `L` the last day of the month. Errors
/// (invalid_input) say which field is wrong and why.
[[nodiscard]] result<cron_expression> parse_cron(std::string_view text);

} // namespace alder::config
