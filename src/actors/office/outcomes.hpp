// How wishes end.
#pragma once

#include "actors/base/messages.hpp"

#include "runtime/config/diagnostic.hpp"
#include "runtime/wire/problem_json.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

inline wire::operation_result went_well(bool changed) { return {changed, std::nullopt}; }

inline wire::operation_result went_wrong(std::string code, std::string detail, std::vector<std::string> help = {}) {
  return {false, wire::problem{std::move(code), std::move(detail), std::move(help), {}}};
}

inline wire::operation_result is_stopping() { return went_wrong("stopping", "the daemon is stopping"); }

inline wire::operation_result result_of(const call_outcome& outcome) {
  if (outcome.ok()) return went_well(outcome.changed);
  const auto kind = outcome.failure.kind;
  if (kind == error_kind::unavailable || kind == error_kind::not_found || kind == error_kind::conflict)
    return went_wrong("conflict", outcome.failure.message, {"look at it with: alder tree"});
  if (kind == error_kind::invalid_input) return went_wrong("impossible", outcome.failure.message);
  return went_wrong("start_failed", outcome.failure.message);
}

[[nodiscard]] std::vector<wire::diagnostic_entry>
diagnostic_entries(const std::vector<config::diagnostic>& diagnostics);

} // namespace alder::actors
