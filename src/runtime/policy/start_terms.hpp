// What a start means: whether it is wanted now, what it waits for, and how much of its time is left when another daemon
// takes it over.
#pragma once

#include "runtime/base/known_by.hpp"

#include "alder/cause.hpp"
#include "alder/event.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace alder::policy {

/// A program can ask for so much more time, and no more.
inline constexpr milliseconds longest_extension = std::chrono::hours{24};

/// Somebody wants it to run, rather than its supervisor to be complete.
[[nodiscard]] bool is_on_demand(const cause& why);

/// Why it stays down although its supervisor starts, alone or with a group; none: it is started. `was_up`: it was up
/// until its supervisor stopped it for this start.
[[nodiscard]] std::optional<std::string> idle_because(const service_spec& spec, const cause& why, bool was_up);

/// Whether its start is complete only when more is known than that it runs: a check holds, or a task has ended.
[[nodiscard]] bool awaits_more(const service_spec& spec, bool on_demand);

/// What a process that was waiting since `since` when its daemon died has left of its time, between 0 and all of it.
/// `due`: until when it asked for time; zero: it did not. None: there is no limit. All on one clock.
[[nodiscard]] std::optional<milliseconds> time_left(const service_spec& spec, wall_time since, wall_time due,
                                                    wall_time now);

/// Whether a program that is to become ready by `check` is ready when it says so over this channel.
[[nodiscard]] bool counts_as_ready(const check_spec& check, ready_channel said_over);

} // namespace alder::policy
