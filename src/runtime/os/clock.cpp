#include "runtime/os/clock.hpp"

#include "runtime/os/files.hpp"

#include <cstddef>
#include <ctime>

namespace alder::os {

std::chrono::milliseconds since_boot() {
  timespec now{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &now); // cannot fail for a clock that every kernel has
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::seconds{now.tv_sec} +
                                                       std::chrono::nanoseconds{now.tv_nsec});
}

wall_time boot_moment() {
  static const wall_time moment = wall_now() - since_boot();
  return moment;
}

std::string boot_id() {
  constexpr std::size_t longest_line = 512;
  const auto id = read_kernel_file("/proc/sys/kernel/random/boot_id", longest_line);
  return id ? id->substr(0, id->find('\n')) : std::string{};
}

} // namespace alder::os
