#include "runtime/os/births.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include <sys/wait.h>
#include <unistd.h>

namespace alder::os {
namespace {

using std::chrono::milliseconds;
using numbers = std::vector<int>;

/// A system that gives numbers below `limit` in turn.
struct made_up {
  int last = 100;
  int limit = 32768;
  std::uint64_t forks = 1000;
  numbers all;
  std::chrono::steady_clock::time_point now{};

  births watch() {
    births born{{[this] { return std::optional{last}; }, [this] { return limit; },
                 [this] { return std::optional{forks}; }, [this] { return all; }, [this] { return now; }}};
    EXPECT_FALSE(born.take());
    now += std::chrono::seconds{3}; // what was in the making then is settled
    EXPECT_EQ(born.take(), numbers{});
    return born;
  }
  void give(int count) {
    for (int i = 0; i < count; ++i)
      last = last + 1 >= limit ? 300 : last + 1;
    forks += static_cast<std::uint64_t>(count);
  }
};

TEST(Births, numbers_come_in_their_order_and_once) {
  made_up system;
  auto born = system.watch();
  system.give(3);
  EXPECT_EQ(born.take(), (numbers{101, 102, 103}));
  EXPECT_EQ(born.take(), numbers{});
}

TEST(Births, the_circle_closes) {
  made_up system;
  system.last = 32765;
  auto born = system.watch();
  system.give(4);
  const auto found = *born.take();
  ASSERT_GE(found.size(), 4U);
  EXPECT_EQ((numbers{found.begin(), found.begin() + 2}), (numbers{32766, 32767}));
  EXPECT_EQ((numbers{found.end() - 2, found.end()}), (numbers{300, 301}));
}

TEST(Births, an_absent_one_is_told_again_for_two_seconds) {
  made_up system;
  auto born = system.watch();
  system.give(1);
  EXPECT_EQ(born.take(), numbers{101});
  born.absent(101);
  system.now += milliseconds{1500};
  system.give(1);
  EXPECT_EQ(born.take(), (numbers{101, 102}));
  born.absent(101); // that does not begin anew
  system.now += milliseconds{600};
  EXPECT_EQ(born.take(), numbers{});
}

TEST(Births, one_that_has_turned_up_is_not_told_again) {
  made_up system;
  auto born = system.watch();
  system.give(2);
  EXPECT_EQ(born.take(), (numbers{101, 102}));
  born.absent(101);
  born.absent(102);
  born.present(101);
  EXPECT_EQ(born.take(), numbers{102});
}

TEST(Births, what_is_in_the_making_at_the_first_look_is_told) {
  made_up system;
  births born{{[&] { return std::optional{system.last}; }, [&] { return system.limit; },
               [&] { return std::optional{system.forks}; }, [&] { return system.all; }, [&] { return system.now; }}};
  EXPECT_FALSE(born.take());
  const auto found = *born.take();
  EXPECT_TRUE(std::find(found.begin(), found.end(), 100) != found.end());
}

TEST(Births, of_many_only_those_that_there_are_come) {
  made_up system;
  auto born = system.watch();
  system.give(10000); // up to 10100
  system.all = {1, 99, 9000, 101, 5000};
  const auto found = *born.take();
  EXPECT_EQ((numbers{found.begin(), found.begin() + 3}), (numbers{101, 5000, 9000}));
  EXPECT_EQ(found.size(), 3U + 256U); // and the last ones, which may be in the making
  EXPECT_EQ(found.back(), 10100);
}

TEST(Births, a_circle_that_was_run_through_makes_everything_unknown) {
  made_up system;
  auto born = system.watch();
  system.now += std::chrono::minutes{10};
  system.give(40000);
  EXPECT_FALSE(born.take());
  EXPECT_TRUE(born.take());
}

TEST(Births, a_long_time_alone_does_not) {
  made_up system;
  auto born = system.watch();
  system.now += std::chrono::hours{10};
  system.give(2);
  EXPECT_EQ(born.take(), (numbers{101, 102}));
}

TEST(Births, without_the_last_number_nothing_is_known) {
  births born{number_source{}};
  EXPECT_FALSE(born.is_told());
  EXPECT_FALSE(born.take());
  EXPECT_FALSE(born.take());
}

/// Without them everything would be looked at again after each pause.
TEST(Births, the_system_counts_its_forks) {
  const auto system = system_numbers();
  const auto before = system.forks();
  ASSERT_TRUE(before);
  const int child = ::fork();
  if (child == 0) ::_exit(0);
  (void)::waitpid(child, nullptr, 0);
  EXPECT_GT(system.forks(), before);
}

TEST(Births, the_system_tells_of_a_child) {
  births born;
  if (!born.is_told()) GTEST_SKIP() << "/proc/loadavg is made up here";
  EXPECT_FALSE(born.take());
  const int child = ::fork();
  if (child == 0) ::_exit(0);
  const auto found = born.take();
  ASSERT_TRUE(found);
  EXPECT_TRUE(std::find(found->begin(), found->end(), child) != found->end());
  (void)::waitpid(child, nullptr, 0);
}

} // namespace
} // namespace alder::os
