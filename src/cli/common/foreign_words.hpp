// Commands and options of systemctl, docker compose, supervisorctl, s6 and PM2 that are not ours, and the line to type
// instead. What is typed out of habit gets an answer, not a guess. Facts from their manuals; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

/// What to type instead of `alder NAME AFTER…`: a sentence with the right line, with the names that were typed. Nothing
/// for a word that no other manager has either, or that is a command of ours.
[[nodiscard]] std::optional<std::string> foreign_command(std::string_view name, const std::vector<std::string>& after);

/// The same for an option of `command` (empty: none was named). `flag` is without its value.
[[nodiscard]] std::optional<std::string> foreign_option(std::string_view command, std::string_view flag);

} // namespace alder::cli
