// Durations and sizes with units, as people write them: "10s", "1h30m", "300M".
#pragma once

#include "alder/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace alder {

/// Reads "250ms", "10s", "1.5s", "2m", "1h30m", "3d": numbers each with a unit (ms, s, m, h, d), largest first.
/// "0" needs no unit. Errors (invalid_input): no unit, unknown unit, negative, more than 10 years.
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Reads "512", "300K", "1.5G": bytes with an optional unit K, M, G or T (powers of 1024; "KB" and "KiB" mean the
/// same). Errors (invalid_input): unknown unit, negative, more than 2^63.
[[nodiscard]] result<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form parse_duration reads back: 1500 ms is "1.5s", 90 s "1m30s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds d);

/// For a glance, two units at most: "0.4s", "12s", "3m12s", "2h11m", "3d4h".
[[nodiscard]] std::string format_age(std::chrono::milliseconds d);

/// For a glance: "512", "1.2K", "141M".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

} // namespace alder
