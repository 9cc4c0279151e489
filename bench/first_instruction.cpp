// The service the benches start: its first instructions write when and who it is to the FIFO `stamps` in its working
// directory; then it sleeps. Without libc's start-up, whose time would hide that of whoever starts it.
#include <csignal>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stamp.hpp"

namespace {

// Not on the stack: at the first instruction it is not aligned as the compiler expects.
timespec now;
alder::bench::stamp record;

} // namespace

// Without libc's start-up there is no errno: a call that failed would end it, and be seen as a stamp that is missing.
extern "C" [[noreturn]] void _start() {
  (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  record.at_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  record.pid = static_cast<std::int32_t>(syscall(SYS_getpid));
  const auto fd = syscall(SYS_openat, AT_FDCWD, "stamps", O_WRONLY);
  (void)syscall(SYS_write, fd, &record, sizeof record);
  (void)syscall(SYS_close, fd);
  (void)syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // nothing is left when whoever started it is killed
  for (;;)
    (void)syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
}
