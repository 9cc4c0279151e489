// The key `after`: which siblings a child waits for, and an order in which nobody waits in vain.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/spec.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace alder::config {

/// The siblings that `child` names in `after`; what it says is noted in `in` until they are known.
[[nodiscard]] std::vector<std::string> read_after(context& in, const field* after, const std::string& child);

/// Checks the dependencies noted from number `first` on, which are those of the children of `spec`, and forgets them.
/// Moves each child behind those it waits for, others stay where they are. `known`: the names of all children, also of
/// those that have mistakes.
void order_children(context& in, std::size_t first, const std::set<std::string>& known, supervisor_spec& spec);

} // namespace alder::config
