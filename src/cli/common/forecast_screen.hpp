// The screen of `alder check --explain`: what the tree does when a service keeps crashing.
#pragma once

#include "cli/common/look.hpp"

#include "runtime/policy/crash_forecast.hpp"

#include <string>
#include <vector>

namespace alder::cli {

/// A sentence for each service; those whose fate is the same are told together.
[[nodiscard]] std::string forecast_screen(const look& on, const std::vector<policy::crash_forecast>& all);

/// {"schema": 1, "forecasts": [{"service", "supervisor", "delays_ms", "goes_on", "restarted_along", "losses":
/// [{"supervisor", "after_ms", "gave_up", "services"}], "stays_down", "tree_fails"}]}, and a line end.
[[nodiscard]] std::string forecast_json(const std::vector<policy::crash_forecast>& all);

} // namespace alder::cli
