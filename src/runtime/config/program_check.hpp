// Warns of commands whose program is not there.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/spec.hpp"

namespace alder::config {

/// Looks for the programs of a service, its checks, hooks and stop steps where they will be looked for. Nothing is
/// reported where nobody can look, or of a configuration that was accepted before.
void warn_about_programs(context& in, const fields& keys, const service_spec& service);

} // namespace alder::config
