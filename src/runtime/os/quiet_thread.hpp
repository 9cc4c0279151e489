// A thread beside the daemon's own: signals are not for it.
#pragma once

#include <functional>
#include <thread>

namespace alder::os {

/// Starts a thread in which all signals are blocked. `name`: at most 15 letters, for people.
[[nodiscard]] std::thread start_quiet_thread(const char* name, std::function<void()> run);

} // namespace alder::os
