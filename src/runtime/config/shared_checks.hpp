// Checks that ask the same of each instance of a pool, where only one of them can be.
#pragma once

#include "alder/spec.hpp"

#include <optional>
#include <string>

namespace alder::config {

/// What both checks would ask: "127.0.0.1:8080", "the file /run/web.ready". Nothing: each is about its own process.
[[nodiscard]] std::optional<std::string> shared_place(const check_spec& a, const check_spec& b);

/// The first such place that the readiness of two instances is asked at; nothing: each has its own.
[[nodiscard]] std::optional<std::string> shared_check(const supervisor_spec& pool);

} // namespace alder::config
