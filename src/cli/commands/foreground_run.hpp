// A tree in the foreground, under a keeper of its own: for containers and CI.
#pragma once

#include "cli/common/project.hpp"
#include "cli/common/session.hpp"

namespace alder::cli {

/// Brings the tree of `file`, which is valid, up, shows its output and events, and takes it down at the end of what it
/// runs or at a signal. Returns the exit code that stands for its result.
exit_code run_in_foreground(session& s, const project& file);

} // namespace alder::cli
