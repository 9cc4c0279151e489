#include "runtime/base/holdings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace alder {
namespace {

using names = std::vector<std::string>;

unique_fd some() { return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

TEST(Holdings, keep_the_order_in_which_they_were_put) {
  holdings held;
  held.put(holding::pidfd, some());
  held.put("listen:http", some());
  held.put(holding::out, some());
  EXPECT_EQ(held.names(), (names{"pidfd", "listen:http", "out"}));
  EXPECT_EQ(held.numbers()[1], held["listen:http"].get());
}

TEST(Holdings, hold_one_of_each_name) {
  holdings held;
  held.put(holding::out, some());
  const int former = held[holding::out].get();
  auto next = some();
  const int number = next.get();
  held.put(holding::out, std::move(next));
  EXPECT_EQ(held.numbers(), std::vector<int>{number});
  EXPECT_EQ(::fcntl(former, F_GETFD), -1); // it is closed
  held.put(holding::out, unique_fd{});
  EXPECT_TRUE(held.names().empty());
}

TEST(Holdings, give_away_what_is_taken) {
  holdings held;
  held.put(holding::out, some());
  EXPECT_TRUE(held.take(holding::out).valid());
  EXPECT_FALSE(held.take(holding::out).valid());
  EXPECT_FALSE(held[holding::out].valid());
}

TEST(Holdings, lack_the_last_when_fewer_descriptors_came_than_were_named) {
  std::vector<unique_fd> came;
  came.push_back(some());
  const holdings held{{"pidfd", "out"}, std::move(came)};
  EXPECT_EQ(held.names(), names{"pidfd"});
}

TEST(Holdings, are_duplicated_as_a_whole) {
  holdings held;
  held.put(holding::out, some());
  held.put(holding::err, some());
  const auto copy = held.duplicate();
  EXPECT_EQ(copy.names(), held.names());
  EXPECT_NE(copy.numbers(), held.numbers());
}

} // namespace
} // namespace alder
