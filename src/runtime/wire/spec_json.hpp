// What a service is told to be, as data: `spec` in the detail of a service (docs/api.md). Sentences about it are made
// from what is read (spec_text.hpp).
#pragma once

#include "runtime/wire/json_value.hpp"

#include "alder/spec.hpp"

namespace alder::wire {

/// All of a service's specification but `command`, `cwd` and `environment`, which the detail has beside it. Of a cron
/// expression it has the text, of a time zone the name.
[[nodiscard]] json_value spec_value(const service_spec& spec);
/// Reads what is written above; what is missing keeps its default. False: it holds something that this program does not
/// know, such as another kind of check, so that what was read would be wrong.
[[nodiscard]] bool read_spec(const json_value& value, service_spec& spec);

} // namespace alder::wire
