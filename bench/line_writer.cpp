// Writes numbered lines as fast as it can, one write each: bench_line_writer LINES [PAUSE_US]. A line has 200 bytes,
// its end included: its number, the moment of CLOCK_MONOTONIC in nanoseconds, and x's.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <unistd.h>

int main(int count, char** words) {
  constexpr std::size_t length = 200;
  const long lines = count > 1 ? std::atol(words[1]) : 1;
  const long pause_us = count > 2 ? std::atol(words[2]) : 0;
  std::array<char, length> line{};
  for (long n = 0; n < lines; ++n) {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    line.fill('x');
    const int used = std::snprintf(line.data(), line.size(), "%010ld %020lld ", n,
                                   static_cast<long long>(at.tv_sec) * 1'000'000'000 + at.tv_nsec);
    line.at(static_cast<std::size_t>(used)) = 'x';
    line.back() = '\n';
    for (std::size_t done = 0; done < length;) {
      const auto got = ::write(1, line.data() + done, length - done);
      if (got < 0) return 1;
      done += static_cast<std::size_t>(got);
    }
    if (pause_us > 0) {
      const timespec pause{pause_us / 1'000'000, pause_us % 1'000'000 * 1000};
      ::nanosleep(&pause, nullptr);
    }
  }
  return 0;
}
