// Runs a scenario of the OTP corpus against policy::supervision and writes its trace in the corpus' own form.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace alder::testing {

/// Where a trace parts from the recording.
struct disagreement {
  std::string where; ///< "step 3 {"op":"exit",...}"
  std::string expected;
  std::string seen;
};

/// The scenarios in `folder` that Alder's supervisors know how to play: without pools, upgrades and the validation of
/// specifications. Sorted by name.
[[nodiscard]] std::vector<std::string> playable_scenarios(const std::filesystem::path& folder);

/// The first step of `file` whose result, events (reports included) or state differ from OTP's; nothing when all agree.
[[nodiscard]] std::optional<disagreement> first_disagreement(const std::filesystem::path& file);

} // namespace alder::testing
