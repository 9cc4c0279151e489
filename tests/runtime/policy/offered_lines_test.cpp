#include "runtime/policy/offered_lines.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;

TEST(OfferedLines, WaitASecondAndLookAtThePipeMeanwhile) {
  EXPECT_EQ(next_step({.age = 0ms}), (offer_step{false, 100ms}));
  EXPECT_EQ(next_step({.age = 500ms}), (offer_step{false, 100ms}));
  EXPECT_EQ(next_step({.age = 950ms}), (offer_step{false, 50ms}));
  EXPECT_EQ(next_step({.age = 999'999us}), (offer_step{false, 1ms}));
  EXPECT_TRUE(next_step({.age = 1000ms}).give_up);
}

TEST(OfferedLines, OfAServiceThatWouldHaveToWaitHaveLessTime) {
  EXPECT_EQ(next_step({.age = 0ms, .is_half_full = true}), (offer_step{false, 100ms}));
  EXPECT_EQ(next_step({.age = 70ms, .is_half_full = true}), (offer_step{false, 30ms}));
  EXPECT_TRUE(next_step({.age = 100ms, .is_half_full = true}).give_up);
}

TEST(OfferedLines, OfAServiceThatLosesNothingWaitForEver) {
  EXPECT_FALSE(next_step({.age = 0ms, .blocks = true}).give_up);
  EXPECT_FALSE(next_step({.age = 240h, .is_half_full = true, .blocks = true}).give_up);
}

} // namespace
} // namespace alder::policy
