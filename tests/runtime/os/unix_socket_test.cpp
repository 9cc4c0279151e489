#include "runtime/os/unix_socket.hpp"

#include <gtest/gtest.h>

#include <array>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace alder::os {
namespace {

struct RecordSocket : ::testing::Test {
  static constexpr std::size_t largest = std::size_t{192} * 1024;
  unique_fd left, right;

  void SetUp() override {
    auto pair = record_pair(largest);
    ASSERT_TRUE(pair.ok());
    left = std::move(pair->first);
    right = std::move(pair->second);
  }
};

TEST_F(RecordSocket, carries_the_largest_record_whole) {
  const std::string sent(largest, 'x');
  ASSERT_EQ(send_record(left.get(), sent, {}), transfer::done);
  record got;
  ASSERT_EQ(receive_record(right.get(), largest, got), transfer::done);
  EXPECT_EQ(got.bytes, sent);
}

TEST_F(RecordSocket, refuses_a_longer_record) {
  ASSERT_EQ(send_record(left.get(), "12345", {}), transfer::done);
  record got;
  EXPECT_EQ(receive_record(right.get(), 4, got), transfer::closed);
}

TEST_F(RecordSocket, carries_descriptors_that_are_close_on_exec) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const unique_fd read_end{ends[0]};
  unique_fd write_end{ends[1]};
  ASSERT_EQ(send_record(left.get(), "fds", ends), transfer::done);
  record got;
  ASSERT_EQ(receive_record(right.get(), largest, got), transfer::done);
  ASSERT_EQ(got.fds.size(), 2U);
  EXPECT_EQ(::fcntl(got.fds[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  write_end.reset();
  ASSERT_EQ(::write(got.fds[1].get(), "a", 1), 1);
  char c = 0;
  EXPECT_EQ(::read(got.fds[0].get(), &c, 1), 1);
}

TEST_F(RecordSocket, says_blocked_when_there_is_nothing_or_no_room) {
  record got;
  EXPECT_EQ(receive_record(right.get(), largest, got), transfer::blocked);
  const std::string filling(1000, 'x');
  auto last = transfer::done;
  for (int i = 0; i < 10'000 && last == transfer::done; ++i)
    last = send_record(left.get(), filling, {});
  EXPECT_EQ(last, transfer::blocked);
}

TEST_F(RecordSocket, says_closed_when_the_other_side_is_gone) {
  left.reset();
  record got;
  EXPECT_EQ(receive_record(right.get(), largest, got), transfer::closed);
  EXPECT_EQ(send_record(right.get(), "x", {}), transfer::closed);
}

TEST_F(RecordSocket, hands_out_what_was_sent_before_a_death_with_unread_records) {
  ASSERT_EQ(send_record(right.get(), "never read", {}), transfer::done);
  ASSERT_EQ(send_record(left.get(), "last words", {}), transfer::done);
  left.reset();
  record got;
  ASSERT_EQ(receive_record(right.get(), largest, got), transfer::done);
  EXPECT_EQ(got.bytes, "last words");
  EXPECT_EQ(receive_record(right.get(), largest, got), transfer::closed);
}

TEST_F(RecordSocket, adopts_only_record_sockets) {
  EXPECT_TRUE(adopt_record_socket(left.get()).ok());
  EXPECT_FALSE(adopt_record_socket(STDIN_FILENO).ok());
  EXPECT_FALSE(adopt_record_socket(-1).ok());
  const unique_fd stream{::socket(AF_UNIX, SOCK_STREAM, 0)};
  EXPECT_FALSE(adopt_record_socket(stream.get()).ok());
}

} // namespace
} // namespace alder::os
