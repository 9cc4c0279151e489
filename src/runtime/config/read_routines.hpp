// The keys `watch` and `hooks`: what else is done around a process.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/spec.hpp"

#include <string>
#include <vector>

namespace alder::config {

/// The globs of `ignore` when none are given: what version control, interpreters, editors and the service itself write
/// while nobody changes the program.
[[nodiscard]] const std::vector<std::string>& ignored_by_default();

/// `cwd`: what is watched when no paths are given.
[[nodiscard]] watch_spec read_watch(context& in, const field* watch, const std::string& cwd,
                                    const instance_scope& which);

[[nodiscard]] hooks_spec read_hooks(context& in, const field* hooks, const instance_scope& which);

} // namespace alder::config
