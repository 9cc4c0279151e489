#include "runtime/os/usage.hpp"

#include "runtime/os/files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t largest = std::size_t{64} * 1024;

std::uint64_t number_at(std::string_view text) {
  const auto from = text.find_first_of("0123456789");
  std::uint64_t value = 0;
  if (from != std::string_view::npos) (void)std::from_chars(text.data() + from, text.data() + text.size(), value);
  return value;
}

unsigned count_descriptors(const std::string& directory) {
  std::error_code failed;
  unsigned count = 0;
  for (std::filesystem::directory_iterator it{directory, failed}, end; !failed && it != end; it.increment(failed))
    ++count;
  return count;
}

} // namespace

process_usage usage_of(std::span<const process_stat> processes, detail how) {
  static const auto ticks_a_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  process_usage sum;
  for (const auto& one : processes) {
    ++sum.processes;
    sum.threads += static_cast<unsigned>(one.threads);
    sum.memory += one.pages * page;
    sum.cpu_time += std::chrono::milliseconds{one.cpu_ticks * 1000 / ticks_a_second};
    if (how == detail::quick) continue;
    const auto directory = "/proc/" + std::to_string(one.pid);
    sum.descriptors += count_descriptors(directory + "/fd");
    if (const auto rollup = read_kernel_file(directory + "/smaps_rollup", largest)) {
      const auto at = rollup->find("\nPss:");
      if (at != std::string::npos) sum.proportional_memory += number_at(std::string_view{*rollup}.substr(at)) * 1024;
    }
  }
  return sum;
}

} // namespace alder::os
