// One daemon at a time serves a home. The keeper sees to that while it lives; a daemon that has outlived its keeper may
// not have noticed yet, or hang.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <chrono>
#include <string>

namespace alder::os {

/// Takes the lock file, creating it. A process that holds it is of a keeper that is gone, for the caller was started by
/// the one that is: it is killed. The lock lasts as long as this process, or until any descriptor of the file is closed
/// in it. Errors: timed_out (somebody else did not end within `patience`), denied, io.
[[nodiscard]] result<unique_fd> take_daemon_lock(const std::string& path, std::chrono::milliseconds patience);

} // namespace alder::os
