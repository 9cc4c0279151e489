// Who a service runs as and within which limits: read, and checked against what this machine lets us do.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/read_checks.hpp"
#include "runtime/config/settings.hpp"

#include "alder/attributes.hpp"
#include "alder/machine.hpp"

#include <optional>
#include <string_view>

namespace alder::config {

struct launch_terms {
  process_attributes attributes;
  std::optional<account> user; ///< with `user`, when the user database knows it
};

/// What is not possible here is a mistake, or, if `optional` names its key, a warning; it is left out then.
[[nodiscard]] launch_terms read_attributes(context& in, const settings& own, const limit_terms& limits);

/// Whether a private /tmp hides it; `path` is absolute.
[[nodiscard]] bool is_in_tmp(std::string_view path);

} // namespace alder::config
