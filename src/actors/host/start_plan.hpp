// What the keeper is asked for when a service starts, from its specification alone.
#pragma once

#include "actors/base/process_host.hpp"

#include "runtime/keeper/client.hpp"

#include "alder/spec.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace alder::actors {

/// How many descriptors a process takes, here and in the keeper together.
[[nodiscard]] std::size_t descriptors_for(const service_spec& spec);
/// Of one that talks to us through its output alone.
inline constexpr std::size_t descriptors_of_a_process = 1 + 2 * 5;
/// Of those: the indices of its output, which are opened when it writes.
inline constexpr std::size_t descriptors_opened_later = 2;

/// The start of a process with these variables, with what it is given to talk to us and the variables that tell it.
/// Without its control group and its note. One that sends notices has an address for them which nobody guesses; who
/// knows it all the same is told by the kernel.
[[nodiscard]] keeper::launch launch_of(const process_id& id, const service_spec& spec,
                                       std::map<std::string, std::string> variables, int keeper_pid);
/// The start of a command beside a process: with its directory, user and umask, but none of its limits.
[[nodiscard]] keeper::launch launch_beside(const process_id& own, const service_spec& spec,
                                           const std::vector<std::string>& command);

} // namespace alder::actors
