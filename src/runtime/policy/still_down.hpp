// What the start of a supervisor means for those below it when it is up already: its name stands for all of them.
#pragma once

#include "alder/snapshot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace alder::policy {

/// The nodes below `name` that are to be started now, in the order of the tree, which `nodes` has (each supervisor
/// before its children): those that are stopped or have failed while the supervisor right above them is up. A
/// supervisor among them starts what is below itself. Not those that have finished, or are started by their schedule or
/// on request only; but an instance is started on request by the name of its pool.
[[nodiscard]] std::vector<std::string> still_down(const std::vector<std::shared_ptr<const node_snapshot>>& nodes,
                                                  const std::string& name);

} // namespace alder::policy
