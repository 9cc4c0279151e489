#include "runtime/logs/log_queue.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <variant>

#include <poll.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

struct LogQueue : ::testing::Test {
  void SetUp() override { ASSERT_TRUE(queue_.open_bell()); }
  [[nodiscard]] bool rings() const {
    pollfd bell{.fd = queue_.bell(), .events = POLLIN, .revents = 0};
    return ::poll(&bell, 1, 0) == 1;
  }
  void push(stream_id stream, std::thread::id reader = {}) { queue_.push(log_command::reopen{stream}, reader); }
  log_queue queue_;
};

TEST_F(LogQueue, GivesWhatWasAskedForInOrderAndRingsUntilThen) {
  EXPECT_FALSE(rings());
  push(1);
  push(2);
  EXPECT_TRUE(rings());
  const auto all = queue_.take();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(std::get<log_command::reopen>(all[0]).stream, 1U);
  EXPECT_EQ(std::get<log_command::reopen>(all[1]).stream, 2U);
  EXPECT_FALSE(rings());
  EXPECT_TRUE(queue_.take().empty());
  push(3);
  EXPECT_TRUE(rings()) << "for the next one, too";
}

TEST_F(LogQueue, MakesOthersWaitForRoomAndNeverItsReader) {
  for (std::size_t i = 0; i < log_queue::most_commands; ++i)
    push(1);
  push(2, std::this_thread::get_id()); // would wait for ever
  std::thread other{[this] { push(3, {}); }};
  std::size_t taken = 0;
  while (taken < log_queue::most_commands + 2) {
    const auto all = queue_.take();
    taken += all.size();
    EXPECT_LE(all.size(), log_queue::most_commands + 1) << "the other has not waited";
    if (all.empty()) queue_.sleep(10s);
  }
  other.join();
}

TEST_F(LogQueue, ACommandEndsASleep) {
  push(1);
  queue_.sleep(1h);
  (void)queue_.take();
  queue_.sleep(0s);
  queue_.sleep(-1s);
  queue_.sleep(1ns);
}

} // namespace
} // namespace alder::logs
