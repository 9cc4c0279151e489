#include "runtime/os/usage.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace alder::os {
namespace {

using namespace std::chrono_literals;

process_usage own(detail how = detail::quick) {
  const std::array processes{*read_stat(process_id())};
  return usage_of(processes, how);
}

TEST(Usage, MemoryThatIsTouchedCounts) {
  constexpr std::size_t much = std::size_t{64} << 20U;
  const auto before = own();
  const auto block = std::make_unique<char[]>(much);
  std::memset(block.get(), 1, much);
  const auto after = own();
  EXPECT_GT(after.memory, before.memory + much / 2);
  EXPECT_EQ(after.processes, 1u);
  EXPECT_GE(after.threads, 1u);
  EXPECT_EQ(block[much - 1], 1);
}

TEST(Usage, ProcessorTimeGrowsWithWork) {
  const auto before = own().cpu_time;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (own().cpu_time < before + 50ms && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_GE(own().cpu_time, before + 50ms);
}

TEST(Usage, DescriptorsAndProportionalMemoryOnlyWhenAskedFor) {
  EXPECT_EQ(own().descriptors, 0u);
  EXPECT_EQ(own().proportional_memory, 0u);
  const auto exact = own(detail::exact);
  EXPECT_GE(exact.descriptors, 3u);
  EXPECT_GT(exact.proportional_memory, 0u);
  EXPECT_LE(exact.proportional_memory, exact.memory + (std::size_t{4} << 20U));
}

TEST(Usage, OfSeveralProcessesTogether) {
  auto other = start_in_background({"/bin/sh", "-c", "echo up >&3; exec sleep 1000"}, attachment::child);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(read_line(other->ready.get(), 10s).ok());
  const std::array both{*read_stat(process_id()), *read_stat(other->pid)};
  EXPECT_EQ(usage_of(both).processes, 2u);
  EXPECT_GT(usage_of(both).memory, 0u);
  send_signal(other->pid, SIGKILL);
  ASSERT_TRUE(wait_until_gone(other->pid, 10s));
  (void)reap_child(other->pid);
  const auto alone = usage_of(std::span{both}.first(1), detail::exact);
  EXPECT_EQ(usage_of(both, detail::exact).descriptors, alone.descriptors) << "one that is gone has none";
}

} // namespace
} // namespace alder::os
