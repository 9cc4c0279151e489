// Supervisors and children as a scenario of the corpus words them, checked in OTP's order and with OTP's errors.
#pragma once

#include "runtime/policy/supervision.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alder::testing {

/// What a worker does when it is asked to stop; `hang` ignores it and is killed.
enum class stopping : std::uint8_t { clean, hang, normal, crash };

/// How the double of a child behaves. Start attempts are counted per id over the whole run, from 1.
struct behaviour {
  std::set<unsigned> fail_starts;
  unsigned fail_from = 0; ///< every attempt from this one on fails; 0: none
  std::set<unsigned> ignore_starts;
  stopping on_stop = stopping::clean;

  [[nodiscard]] bool fails(unsigned attempt) const {
    return fail_starts.count(attempt) > 0 || (fail_from > 0 && attempt >= fail_from);
  }
};

[[nodiscard]] behaviour behaviour_of(const nlohmann::json& spec);

/// What is wrong with one child specification: `missing_id`, `invalid_restart_type`, …; empty: nothing. Without `mode`
/// the rule about significant children under auto_shutdown never is left out.
[[nodiscard]] std::string fault_of_child(const nlohmann::json& spec, std::optional<auto_shutdown> mode);
/// OTP's check_childspecs.
[[nodiscard]] std::string fault_of_children(const nlohmann::json& specs, std::optional<auto_shutdown> mode);
/// `invalid_strategy`, `invalid_intensity`, …; empty: the flags of this supervisor are fine.
[[nodiscard]] std::string fault_of_flags(const nlohmann::json& supervisor);
/// Why a supervisor with this specification refuses to start: `supervisor_data:…`, `start_spec:…`, `bad_start_spec`.
[[nodiscard]] std::string refusal_to_start(const nlohmann::json& supervisor);

// -- of what is without fault

[[nodiscard]] policy::supervisor_rules rules_of(const nlohmann::json& supervisor);
[[nodiscard]] restart_kind restart_of(const nlohmann::json& spec);
[[nodiscard]] bool is_supervisor(const nlohmann::json& spec);
[[nodiscard]] bool is_pool(const nlohmann::json& supervisor);
[[nodiscard]] nlohmann::json children_of(const nlohmann::json& supervisor);
/// `shutdown`, or its default.
[[nodiscard]] nlohmann::json shutdown_of(const nlohmann::json& spec);

} // namespace alder::testing
