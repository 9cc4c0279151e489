#include "runtime/os/clock.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/proc.hpp"

#include <gtest/gtest.h>

namespace alder::os {
namespace {

using namespace std::chrono_literals;

TEST(Clock, TheSteadyOneGoesOnFromTheWallClock) {
  const auto before = since_boot();
  EXPECT_GT(before, 0ms);
  EXPECT_LT(std::chrono::abs(steady_now() - wall_now()), 1min) << "unless somebody sets it right now";
  EXPECT_EQ(boot_moment(), boot_moment());
  EXPECT_GE(steady_now() - boot_moment(), before);
}

TEST(Clock, AProcessStartedAfterTheBootAndBeforeNow) {
  const auto own = read_stat(process_id());
  ASSERT_TRUE(own);
  const auto started = start_after_boot(*own);
  EXPECT_GT(started, 0ms);
  EXPECT_LE(started, since_boot() + 10ms);
  EXPECT_EQ(start_after_boot({.start_ticks = 0}), 0ms);
}

TEST(Clock, ABootHasAName) {
  EXPECT_EQ(boot_id().size(), 36U);
  EXPECT_EQ(boot_id(), boot_id());
}

} // namespace
} // namespace alder::os
