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

/// The n-th word, counted from 0.
std::string_view word(std::string_view text, unsigned n) {
  for (; n > 0 && !text.empty(); --n)
    text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
  return text.substr(0, text.find(' '));
}

void add_stat(const std::string& text, process_usage& to) {
  const auto close = text.rfind(") ");
  if (close == std::string::npos) return;
  const auto rest = std::string_view{text}.substr(close + 2); // begins with field 3 of proc(5)
  const auto ticks = number_at(word(rest, 11)) + number_at(word(rest, 12));
  to.cpu_time += std::chrono::milliseconds{ticks * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))};
  to.threads += static_cast<unsigned>(number_at(word(rest, 17)));
  to.memory += number_at(word(rest, 21)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

unsigned count_descriptors(const std::string& directory) {
  std::error_code failed;
  unsigned count = 0;
  for (std::filesystem::directory_iterator it{directory, failed}, end; !failed && it != end; it.increment(failed))
    ++count;
  return count;
}

} // namespace

process_usage usage_of(std::span<const int> pids, detail how) {
  process_usage sum;
  for (const int pid : pids) {
    const auto directory = "/proc/" + std::to_string(pid);
    const auto stat = read_kernel_file(directory + "/stat", largest);
    if (!stat) continue;
    ++sum.processes;
    add_stat(*stat, sum);
    if (how == detail::quick) continue;
    sum.descriptors += count_descriptors(directory + "/fd");
    if (const auto rollup = read_kernel_file(directory + "/smaps_rollup", largest)) {
      const auto at = rollup->find("\nPss:");
      if (at != std::string::npos) sum.proportional_memory += number_at(std::string_view{*rollup}.substr(at)) * 1024;
    }
  }
  return sum;
}

} // namespace alder::os
