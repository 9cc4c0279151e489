// The name of a service that was started without one.
#pragma once

#include <string>
#include <string_view>

namespace alder::cli {

/// From the program's file name: "./jobs/mail.py" gives "mail"; characters a name may not have become "-".
[[nodiscard]] std::string service_name_for(std::string_view program);

} // namespace alder::cli
