#include "runtime/keeper/respawn.hpp"

#include <gtest/gtest.h>

namespace alder::keeper {
namespace {

using namespace std::chrono_literals;

TEST(Respawn, a_daemon_that_lived_3_seconds_starts_again_at_once) {
  EXPECT_EQ(after_daemon_end(5, 3s), (respawn{0, 0ms}));
}

TEST(Respawn, the_first_young_end_costs_100_ms) { EXPECT_EQ(after_daemon_end(0, 2999ms), (respawn{1, 100ms})); }

TEST(Respawn, the_delay_doubles_up_to_10_seconds_and_stays_there) {
  unsigned short_lives = 0;
  for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms, 10000ms}) {
    const auto next = after_daemon_end(short_lives, 0ms);
    EXPECT_EQ(next.delay, expected);
    short_lives = next.short_lives;
  }
}

TEST(Respawn, a_thousand_young_ends_do_not_overflow) {
  respawn last;
  for (int i = 0; i < 1000; ++i)
    last = after_daemon_end(last.short_lives, 1ms);
  EXPECT_EQ(last.delay, 10s);
}

} // namespace
} // namespace alder::keeper
