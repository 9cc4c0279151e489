// Keys of docker compose, systemd units, PM2's ecosystem files, supervisord and process-compose that are written here
// out of habit, and what stands for them in Alder. Facts from their manuals; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace alder::config {

/// "here it is called 'after': after: [db (ready)]", or why there is no such thing. Nothing for a key that none of them
/// has. Capitals do not matter.
[[nodiscard]] std::optional<std::string> foreign_key(std::string_view key);

} // namespace alder::config
