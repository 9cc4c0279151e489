#include "actors/host/conversation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace alder::actors {
namespace {

/// A program's channels, a loop, and what was heard, with the receipts that say that it was not handled yet.
struct Conversation : ::testing::Test {
  boost::asio::io_context loop{1};
  std::vector<wire::program_notice> heard;
  std::vector<conversation::receipt> unhandled;
  bool keeps_receipts = true;
  int looks = 0; ///< at whose a sender is
  unique_fd ipc, notify, ready;
  std::unique_ptr<conversation> talk;

  static std::pair<unique_fd, unique_fd> pair(int type) {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    return {unique_fd{ends[0]}, unique_fd{ends[1]}};
  }

  void begin() {
    auto [ipc_here, ipc_there] = pair(SOCK_STREAM);
    auto [notify_here, notify_there] = pair(SOCK_DGRAM);
    const int yes = 1;
    EXPECT_EQ(::setsockopt(notify_here.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    ready.reset(ends[1]);
    ipc = std::move(ipc_there);
    notify = std::move(notify_there);
    talk = std::make_unique<conversation>(
        loop, conversation::ends{{}, std::move(ipc_here), std::move(notify_here), unique_fd{ends[0]}},
        conversation::hearers{[this](wire::program_notice notice, conversation::receipt until_handled) {
                                heard.push_back(std::move(notice));
                                if (keeps_receipts) unhandled.push_back(std::move(until_handled));
                              },
                              [this](int, std::uint32_t) { return ++looks > 0; }});
  }

  /// Writes `line` until the channel takes no more, at most `most` times; how often it did.
  static int flood(int channel, const std::string& line, int most) {
    int sent = 0;
    while (sent < most && ::send(channel, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()))
      ++sent;
    return sent;
  }

  /// Lets everything happen that is due.
  void settle() {
    loop.restart();
    (void)loop.poll();
  }
  /// The same, and waits for pauses.
  void run_until(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (heard.size() < count && std::chrono::steady_clock::now() < end) {
      loop.restart();
      (void)loop.run_for(std::chrono::milliseconds{20});
    }
  }
};

constexpr int more_than_fits = 1'000'000;

TEST_F(Conversation, a_program_that_floods_its_ipc_channel_is_not_read_until_what_it_said_is_handled) {
  begin();
  const int first = flood(ipc.get(), "\"heartbeat\"\n", more_than_fits);
  ASSERT_LT(first, more_than_fits);
  for (int turn = 0; turn < 50; ++turn)
    settle();
  EXPECT_GE(heard.size(), 1U);
  EXPECT_LE(heard.size(), static_cast<std::size_t>(conversation::most_notices));
  const auto after_one_turn = heard.size();
  EXPECT_LT(flood(ipc.get(), "\"heartbeat\"\n", more_than_fits), more_than_fits) << "its channel stays full";
  unhandled.clear();
  run_until(after_one_turn + 1);
  EXPECT_GT(heard.size(), after_one_turn) << "then it is read again";
}

TEST_F(Conversation, all_that_was_said_is_heard_in_the_end_and_in_order) {
  begin();
  keeps_receipts = false;
  constexpr int many = 1000;
  std::string text;
  for (int i = 0; i < many; ++i)
    text += R"({"n":)" + std::to_string(i) + "}\n";
  ASSERT_EQ(flood(ipc.get(), text, 1), 1);
  run_until(many);
  ASSERT_EQ(heard.size(), static_cast<std::size_t>(many));
  for (int i = 0; i < many; ++i)
    EXPECT_EQ(std::get<wire::said_message>(heard[static_cast<std::size_t>(i)]).json,
              R"({"n":)" + std::to_string(i) + "}");
}

TEST_F(Conversation, notices_are_held_back_alike_and_one_look_a_turn_tells_whose_they_are) {
  begin();
  ASSERT_LT(flood(notify.get(), "WATCHDOG=1", more_than_fits), more_than_fits);
  for (int turn = 0; turn < 50; ++turn)
    settle();
  EXPECT_LE(heard.size(), static_cast<std::size_t>(conversation::most_notices));
  EXPECT_EQ(looks, 1);
  const auto before = heard.size();
  unhandled.clear();
  run_until(before + 1);
  EXPECT_GT(heard.size(), before);
}

TEST_F(Conversation, a_flood_on_one_channel_does_not_hold_up_the_other) {
  begin();
  ASSERT_LT(flood(ipc.get(), "\"heartbeat\"\n", more_than_fits), more_than_fits);
  settle();
  ASSERT_EQ(flood(notify.get(), "STATUS=here", 1), 1);
  settle();
  EXPECT_NE(std::find(heard.begin(), heard.end(), wire::program_notice{wire::said_status{"here"}}), heard.end());
}

TEST_F(Conversation, a_line_without_an_end_is_dropped_and_the_next_is_heard) {
  begin();
  keeps_receipts = false;
  const std::string piece(64 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < 3 * wire::max_ipc_line) {
    const auto got = ::send(ipc.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (got > 0) sent += static_cast<std::size_t>(got);
    loop.restart();
    (void)loop.run_for(std::chrono::milliseconds{1});
  }
  run_until(1);
  while (flood(ipc.get(), "\n\"ready\"\n", 1) == 0)
    (void)(loop.restart(), loop.run_for(std::chrono::milliseconds{1}));
  run_until(2);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<wire::said_nonsense>(heard[0]));
  EXPECT_TRUE(std::holds_alternative<wire::said_ready>(heard[1]));
}

TEST_F(Conversation, a_readiness_descriptor_that_is_written_to_without_a_line_is_closed) {
  begin();
  const std::string piece(1000, 'x');
  (void)std::signal(SIGPIPE, SIG_IGN);
  bool is_closed = false;
  for (std::size_t sent = 0; !is_closed && sent < 100 * conversation::most_before_ready;) {
    const auto got = ::write(ready.get(), piece.data(), piece.size());
    if (got > 0) sent += static_cast<std::size_t>(got);
    is_closed = got < 0 && errno == EPIPE;
    settle();
  }
  EXPECT_TRUE(is_closed);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_NE(std::get<wire::said_nonsense>(heard[0]).why.find("4096"), std::string::npos);
}

TEST_F(Conversation, last_words_are_heard_at_once) {
  begin();
  ASSERT_EQ(flood(notify.get(), "MAINPID=77", 1), 1);
  talk->read_notices_now();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(std::get<wire::said_main_process>(heard[0]).pid, 77);
}

TEST_F(Conversation, receipts_may_outlive_it) {
  begin();
  ASSERT_GT(flood(ipc.get(), "\"heartbeat\"\n", 1000), 0);
  settle();
  talk.reset();
  unhandled.clear();
  settle();
}

} // namespace
} // namespace alder::actors
