#include "runtime/policy/restart_history.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace alder::policy {
namespace {

using std::chrono::seconds;

time_point at(int second) { return time_point{seconds{second}}; }

TEST(RestartHistory, KeepsTheNewestUpToThePeriod) {
  restart_history history{{at(4), at(5), at(6)}};
  history.add(at(10), seconds{5});
  EXPECT_EQ(history.newest_first(), (std::vector{at(10), at(6), at(5)}));
}

TEST(RestartHistory, BeginsEmpty) {
  restart_history history;
  EXPECT_TRUE(history.empty());
  history.add(at(10), seconds{5});
  EXPECT_EQ(history.newest_first(), std::vector{at(10)});
}

TEST(RestartHistory, AnOlderCopyMayBeExtendedAnotherWay) {
  restart_history one{{at(1)}};
  auto other = one;
  one.add(at(2), seconds{5});
  other.add(at(3), seconds{5});
  EXPECT_EQ(one.newest_first(), (std::vector{at(2), at(1)}));
  EXPECT_EQ(other.newest_first(), (std::vector{at(3), at(1)}));
}

TEST(RestartHistory, GoesOnForEverInBoundedRoom) {
  restart_history history;
  for (int second = 0; second < 100'000; ++second)
    history.add(at(second), seconds{3});
  EXPECT_EQ(history.newest_first(), (std::vector{at(99'999), at(99'998), at(99'997), at(99'996)}));
}

} // namespace
} // namespace alder::policy
