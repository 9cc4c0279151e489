// Pseudo-terminals for tests, and whether a test that needs one can be run here.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

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

/// Both sides of a pseudo-terminal that changes nothing.
struct terminal_ends {
  unique_fd ours;
  unique_fd theirs;
};
inline terminal_ends make_terminal() {
  terminal_ends ends{unique_fd{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)}, {}};
  EXPECT_EQ(::unlockpt(ends.ours.get()), 0);
  ends.theirs.reset(::open(::ptsname(ends.ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios modes{};
  EXPECT_EQ(::tcgetattr(ends.theirs.get(), &modes), 0);
  ::cfmakeraw(&modes);
  EXPECT_EQ(::tcsetattr(ends.theirs.get(), TCSANOW, &modes), 0);
  return ends;
}

} // namespace alder::test
