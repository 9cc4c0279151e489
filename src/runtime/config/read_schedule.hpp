// The key `schedule`: when a task is run or a service restarted by the clock.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/schedule.hpp"

namespace alder::config {

/// The time zone of this name, or of the machine if none is given. UTC if that of the machine is unknown.
[[nodiscard]] time_zone read_zone(context& in, const field* zone);

/// `task`: whether the service is one.
[[nodiscard]] schedule_spec read_schedule(context& in, const field* schedule, bool task);

} // namespace alder::config
