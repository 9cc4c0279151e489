// From a document to specifications: supervisors, their children, services and pools.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/document.hpp"
#include "runtime/config/fields.hpp"
#include "runtime/config/settings.hpp"

#include "alder/spec.hpp"

#include <optional>

namespace alder::config {

/// What a child has to know of the supervisor it is read for.
struct surroundings {
  const supervisor_spec* supervisor = nullptr;
  const config::settings* settings = nullptr;
};

/// The root supervisor. With mistakes in `in` the answer is incomplete.
[[nodiscard]] supervisor_spec read_root(context& in, const node& document);

/// A service, or the pool it makes with `instances`. Nothing when it has mistakes.
[[nodiscard]] std::optional<child_spec> read_service(context& in, const node& mapping, const surroundings& around);

/// The `restart` and `significant` of a child.
struct child_terms {
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
};

/// Reads them and reports combinations OTP refuses. `otherwise`: the restart kind when none is given.
[[nodiscard]] child_terms read_child_terms(context& in, const fields& keys, const supervisor_spec& parent,
                                           restart_kind otherwise = restart_kind::permanent);

/// An intensity whose keys that are not given are those of `base`.
[[nodiscard]] intensity read_intensity(context& in, const field* given, intensity base);

} // namespace alder::config
