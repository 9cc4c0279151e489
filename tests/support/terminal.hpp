// Whether a test that needs a pseudo-terminal can be run here.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <stdlib.h>

namespace alder::test {

/// Why there is none, as in a bare chroot without devpts; empty: there are. Asked of the C library and not of the code
/// under test, which would skip its own tests when it is wrong.
inline std::string no_terminal() {
  const unique_fd ours{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (ours && ::unlockpt(ours.get()) == 0) {
    const char* name = ::ptsname(ours.get());
    if (name != nullptr && unique_fd{::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)}.valid()) return {};
  }
  return std::string{"no pseudo-terminal to be had here: "} + std::strerror(errno);
}

} // namespace alder::test
