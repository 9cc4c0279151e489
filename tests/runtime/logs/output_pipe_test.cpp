#include "runtime/logs/output_pipe.hpp"

#include "tests/support/terminal.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace alder::logs {
namespace {

struct OutputPipe : ::testing::Test {
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  }
  void say(std::string_view text) const {
    ASSERT_EQ(::write(write_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// The id that is told of within so many milliseconds, 0 for none.
  [[nodiscard]] std::uint64_t told(int patience = 0) const {
    epoll_event event{};
    return ::epoll_wait(epoll_.get(), &event, 1, patience) == 1 ? event.data.u64 : 0;
  }
  static std::string take(const output_pipe& from) {
    std::array<char, 100> bytes{};
    const auto got = ::read(from.fd(), bytes.data(), bytes.size());
    return got > 0 ? std::string{bytes.data(), static_cast<std::size_t>(got)} : std::string{};
  }
  unique_fd read_, write_, epoll_;
};

TEST_F(OutputPipe, NeverMakesItsReaderWait) {
  const output_pipe pipe{std::move(read_)};
  char byte = 0;
  EXPECT_EQ(::read(pipe.fd(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_GE(pipe.capacity(), 4096U);
  EXPECT_EQ(pipe.waiting(), 0U);
  say("one\n");
  EXPECT_EQ(pipe.waiting(), 4U);
}

TEST_F(OutputPipe, IsToldOfWhileItIsPolled) {
  output_pipe pipe{std::move(read_)};
  say("one\n");
  EXPECT_EQ(told(), 0U);
  EXPECT_EQ(pipe.poll(epoll_.get(), 7), 0);
  EXPECT_TRUE(pipe.is_polled());
  EXPECT_EQ(told(), 7U);
  EXPECT_EQ(told(), 7U) << "as long as something is there";
  pipe.stop_polling(epoll_.get());
  EXPECT_EQ(told(), 0U);
  EXPECT_FALSE(pipe.is_polled());
  pipe.stop_polling(epoll_.get());
}

TEST_F(OutputPipe, SaysWhyItCannotBePolled) {
  output_pipe pipe{std::move(read_)};
  EXPECT_EQ(pipe.poll(-1, 7), EBADF);
  EXPECT_FALSE(pipe.is_polled());
}

TEST_F(OutputPipe, OfWhatIsHeldNothingIsToldUntilMoreComes) {
  output_pipe pipe{std::move(read_)};
  EXPECT_FALSE(pipe.hold(epoll_.get(), 7, 3)) << "it is not polled";
  ASSERT_EQ(pipe.poll(epoll_.get(), 7), 0);
  say("beg");
  EXPECT_EQ(told(), 7U);
  EXPECT_TRUE(pipe.hold(epoll_.get(), 7, 3));
  EXPECT_EQ(pipe.held(), 3U);
  (void)told(); // the kernel tells once of what is there
  EXPECT_EQ(told(), 0U);
  say("un\n");
  EXPECT_EQ(told(), 7U);
  pipe.stop_polling(epoll_.get());
  ASSERT_EQ(pipe.poll(epoll_.get(), 7), 0);
  EXPECT_FALSE(pipe.held()) << "it is polled for whatever there is";
}

TEST_F(OutputPipe, BecomesLargerIfTheKernelLetsIt) {
  output_pipe pipe{std::move(read_)};
  const auto before = pipe.capacity();
  EXPECT_FALSE(pipe.enlarge(std::size_t{1} << 31U));
  EXPECT_EQ(pipe.capacity(), before);
  ASSERT_TRUE(pipe.enlarge(before * 2));
  EXPECT_EQ(pipe.capacity(), before * 2);
}

TEST_F(OutputPipe, TakesUpWhatATerminalShowsUntilNobodyHasItOpen) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  auto terminal = test::make_terminal();
  write_.reset();
  output_pipe pipe{std::move(read_)};
  EXPECT_FALSE(pipe.has_terminal());
  ASSERT_EQ(pipe.feed_from(std::move(terminal.ours)), 0);
  ASSERT_EQ(pipe.poll(epoll_.get(), 7), 0);
  ASSERT_EQ(::write(terminal.theirs.get(), "one", 3), 3);
  EXPECT_EQ(told(10'000), 7U) << "of what the terminal has, which takes the kernel a moment";
  EXPECT_EQ(pipe.fill(epoll_.get()), 0);
  EXPECT_EQ(take(pipe), "one");
  EXPECT_TRUE(pipe.has_terminal());
  ASSERT_EQ(::write(terminal.theirs.get(), "two", 3), 3);
  terminal.theirs.reset();
  EXPECT_EQ(pipe.fill(epoll_.get()), 0) << "an end is no fault";
  EXPECT_FALSE(pipe.has_terminal());
  EXPECT_EQ(take(pipe), "two");
}

} // namespace
} // namespace alder::logs
