// How wishes end, and what the API says of it.
#pragma once

#include "actors/base/board.hpp"
#include "actors/base/messages.hpp"

#include "runtime/wire/json.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

// Statuses of HTTP.
inline constexpr unsigned unprocessable = 422;
inline constexpr unsigned conflicting = 409;
inline constexpr unsigned not_found = 404;
inline constexpr unsigned unavailable = 503;

inline wire::operation_result went_well(bool changed) { return {changed, std::nullopt}; }

inline wire::operation_result went_wrong(unsigned status, std::string code, std::string detail,
                                         std::vector<std::string> help = {}) {
  return {false, wire::problem{status, std::move(code), std::move(detail), std::move(help), {}}};
}

inline wire::operation_result result_of(const call_outcome& outcome) {
  if (outcome.ok()) return went_well(outcome.changed);
  const auto kind = outcome.failure.kind;
  if (kind == error_kind::unavailable || kind == error_kind::not_found || kind == error_kind::conflict)
    return went_wrong(conflicting, "conflict", outcome.failure.message, {"look at it with: alder tree"});
  if (kind == error_kind::invalid_input) return went_wrong(unprocessable, "impossible", outcome.failure.message);
  return went_wrong(unprocessable, "start_failed", outcome.failure.message);
}

} // namespace alder::actors
