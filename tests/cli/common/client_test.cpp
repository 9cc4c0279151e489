#include "cli/common/client.hpp"

#include "tests/cli/fake_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace alder::cli {
namespace {

using namespace std::chrono_literals;
using test::fake_connection;
using test::fake_daemon;
using test::seen_request;

call get(const std::string& target) { return {.method = "GET", .target = target, .body = {}, .accept = {}}; }

class Client : public testing::Test {
protected:
  test::temporary_directory home_;
};

TEST_F(Client, TwoRequestsShareOneConnection) {
  const fake_daemon daemon{
      home_.path(), [](const seen_request& r, const fake_connection& c) { c.send(test::answer(200, r.target)); }};
  client asking{daemon.socket()};
  const auto first = asking.send(get("/a"));
  const auto second = asking.send(get("/b"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->body, "/a");
  EXPECT_EQ(second->body, "/b");
  EXPECT_EQ(daemon.connections(), 1U);
}

TEST_F(Client, AKeptConnectionThatWasClosedIsOpenedAgainForAGet) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::answer(200, "x"));
                             c.close();
                           }};
  client asking{daemon.socket()};
  ASSERT_TRUE(asking.send(get("/a")).ok());
  const auto again = asking.send(get("/b"));
  ASSERT_TRUE(again.ok()) << again.failure().message;
  EXPECT_EQ(daemon.connections(), 2U);
}

TEST_F(Client, WhatChangesSomethingIsNeverSentTwice) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::answer(200, "x"));
                             c.close();
                           }};
  client asking{daemon.socket()};
  ASSERT_TRUE(asking.send(get("/a")).ok());
  const auto changed = asking.send({.method = "POST", .target = "/b", .body = "{}", .accept = {}});
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.failure().os_errno, ECONNRESET);
  EXPECT_EQ(daemon.connections(), 1U);
}

TEST_F(Client, ABodyArrivesWithItsLengthAndType) {
  const fake_daemon daemon{home_.path(),
                           [](const seen_request& r, const fake_connection& c) { c.send(test::answer(200, r.body)); }};
  client asking{daemon.socket()};
  const std::string body(300000, 'b');
  const auto answer = asking.send({.method = "PUT", .target = "/v1/config", .body = body, .accept = {}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, body);
  EXPECT_NE(daemon.seen().at(0).head.find("Content-Type: application/json"), std::string::npos);
}

TEST_F(Client, AnErrorAnswerKeepsItsStatusAndText) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::answer(422, "{\"code\":\"invalid_config\"}"));
                           }};
  const auto answer = client{daemon.socket()}.send(get("/"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 422U);
  EXPECT_EQ(answer->body, "{\"code\":\"invalid_config\"}");
}

TEST_F(Client, AnAnswerInPiecesIsPutTogether) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             const auto whole = test::stream({"one", "two"});
                             for (const char byte : whole)
                               c.send({&byte, 1});
                           }};
  const auto answer = client{daemon.socket()}.send(get("/"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, "one\ntwo\n");
}

TEST_F(Client, NoSocketMeansNoDaemon) {
  const auto answer = client{home_ / "none.sock"}.send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().kind, error_kind::unavailable);
  EXPECT_EQ(answer.failure().os_errno, ENOENT);
}

TEST_F(Client, ASocketNobodyListensAtMeansNoDaemon) {
  std::string socket;
  {
    const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection&) {}};
    socket = daemon.socket();
  }
  const auto answer = client{socket}.send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().os_errno, ECONNREFUSED);
}

TEST_F(Client, ADaemonThatDoesNotAnswerIsGivenUpAtTheDeadline) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) { c.wait_for_close(); }};
  const auto answer = client{daemon.socket()}.send(get("/"), 50ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().kind, error_kind::unavailable);
  EXPECT_EQ(answer.failure().os_errno, ETIMEDOUT);
}

TEST_F(Client, SomebodyWhoLooksAfterASlowDaemonGivesItMoreTime) {
  std::atomic<bool> is_roused = false;
  const fake_daemon daemon{home_.path(), [&](const seen_request&, const fake_connection& c) {
                             while (!is_roused)
                               std::this_thread::sleep_for(1ms);
                             c.send(test::answer(200, "at last"));
                           }};
  int asked = 0;
  client asking{daemon.socket(), impatience{.after = 20ms,
                                            .ask =
                                                [&] {
                                                  is_roused = ++asked == 5; // long after the deadline
                                                  return true;
                                                },
                                            .longest = 20s}};
  const auto answer = asking.send(get("/"), 50ms);
  ASSERT_TRUE(answer.ok()) << answer.failure().message;
  EXPECT_EQ(answer->body, "at last");
  EXPECT_GE(asked, 5);
}

TEST_F(Client, WithoutAnybodyWhoLooksAfterItTheDeadlineStands) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) { c.wait_for_close(); }};
  int asked = 0;
  client asking{daemon.socket(), impatience{.after = 10ms,
                                            .ask =
                                                [&] {
                                                  ++asked;
                                                  return false;
                                                },
                                            .longest = 1h}};
  const auto answer = asking.send(get("/"), 50ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().os_errno, ETIMEDOUT);
  EXPECT_GE(asked, 1);
}

TEST_F(Client, AStreamThatIsSilentBecauseTheDaemonHangsIsNoticed) {
  const fake_daemon daemon{home_.path(), [](const seen_request& r, const fake_connection& c) {
                             if (r.target == "/follow") c.send(test::stream_head());
                             c.wait_for_close(); // and no answer to anything else
                           }};
  stream_loop loop{daemon.socket()};
  int asked = 0;
  loop.look_after(20ms, {.after = 20ms,
                         .ask =
                             [&] {
                               if (++asked == 3) loop.stop();
                               return true;
                             },
                         .longest = 20s});
  loop.open(get("/follow"), {.on_line = [](std::string_view) { return flow::go_on; }, .on_end = {}});
  loop.run();
  EXPECT_EQ(asked, 3);
}

TEST_F(Client, AStreamThatIsSilentBecauseNothingHappensIsLeftAlone) {
  std::atomic<int> questions = 0;
  const fake_daemon daemon{home_.path(), [&](const seen_request& r, const fake_connection& c) {
                             if (r.target != "/follow") {
                               ++questions;
                               return c.send(test::answer(200, "{}"));
                             }
                             c.send(test::stream_head());
                             while (questions < 3)
                               std::this_thread::sleep_for(1ms);
                             c.send(test::last_chunk());
                           }};
  stream_loop loop{daemon.socket()};
  int asked = 0;
  loop.look_after(10ms, {.after = 10s,
                         .ask =
                             [&] {
                               ++asked;
                               return true;
                             },
                         .longest = 20s});
  loop.open(get("/follow"), {.on_line = [](std::string_view) { return flow::go_on; }, .on_end = {}});
  loop.run();
  EXPECT_EQ(asked, 0);
}

TEST_F(Client, GarbageIsNoHttp) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
                             c.close();
                           }};
  const auto answer = client{daemon.socket()}.send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().kind, error_kind::io);
  EXPECT_NE(answer.failure().message.find("does not speak HTTP"), std::string::npos) << answer.failure().message;
}

TEST_F(Client, AnAnswerCutShortIsAFailure) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
                             c.close();
                           }};
  const auto answer = client{daemon.socket()}.send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().kind, error_kind::unavailable);
}

/// Runs one stream to its end.
struct streamed {
  std::vector<std::string> lines;
  std::optional<result<reply>> end;

  explicit streamed(const std::string& socket, std::size_t most = 1000) {
    stream_loop loop{socket};
    loop.open(get("/v1/events"), {.on_line =
                                      [&](std::string_view line) {
                                        lines.emplace_back(line);
                                        return lines.size() < most ? flow::go_on : flow::stop;
                                      },
                                  .on_end = [&](const result<reply>& how) { end = how; }});
    loop.run();
  }
};

TEST_F(Client, AStreamIsHandedOutLineByLineWhateverItsChunks) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::stream_head() + test::chunk("{\"a\"") + test::chunk(":1}\n{\"b\":2}\n{") +
                                    test::chunk("}\nlast") + test::last_chunk());
                           }};
  const streamed all{daemon.socket()};
  EXPECT_EQ(all.lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{}", "last"}));
  ASSERT_TRUE(all.end && all.end->ok());
}

TEST_F(Client, AStreamEndsWhenItsReaderHasEnough) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::stream_head() + test::chunk("1\n2\n3\n"));
                             c.wait_for_close();
                           }};
  const streamed two{daemon.socket(), 2};
  EXPECT_EQ(two.lines, (std::vector<std::string>{"1", "2"}));
  EXPECT_FALSE(two.end);
}

TEST_F(Client, AnErrorInsteadOfAStreamIsItsEnd) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::answer(404, "{\"code\":\"no_such_node\"}\n"));
                           }};
  const streamed none{daemon.socket()};
  EXPECT_TRUE(none.lines.empty());
  ASSERT_TRUE(none.end && none.end->ok());
  EXPECT_EQ((*none.end)->status, 404U);
  EXPECT_EQ((*none.end)->body, "{\"code\":\"no_such_node\"}\n");
}

TEST_F(Client, AStreamThatBreaksOffIsAFailure) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::stream_head() + test::chunk("1\n"));
                             c.close();
                           }};
  const streamed one{daemon.socket()};
  EXPECT_EQ(one.lines.size(), 1U);
  ASSERT_TRUE(one.end && !one.end->ok());
  EXPECT_EQ(one.end->failure().kind, error_kind::unavailable);
}

TEST_F(Client, ALineWithoutEndIsNotCollectedForEver) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::stream_head());
                             const auto piece = test::chunk(std::string(1024 * 1024, 'x'));
                             for (int i = 0; i < 8; ++i)
                               c.send(piece);
                             c.wait_for_close();
                           }};
  const streamed none{daemon.socket()};
  ASSERT_TRUE(none.end && !none.end->ok());
  EXPECT_EQ(none.end->failure().kind, error_kind::too_large);
}

TEST_F(Client, TwoStreamsRunSideBySide) {
  const fake_daemon daemon{home_.path(), [](const seen_request& r, const fake_connection& c) {
                             c.send(test::stream({r.target, r.target}));
                           }};
  stream_loop loop{daemon.socket()};
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) {
    lines.emplace_back(line);
    return flow::go_on;
  };
  loop.open(get("/a"), {.on_line = take, .on_end = {}});
  loop.open(get("/b"), {.on_line = take, .on_end = {}});
  loop.run();
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::string>{"/a", "/a", "/b", "/b"}));
}

TEST_F(Client, ASignalReachesTheLoopInsteadOfEndingTheProgram) {
  const fake_daemon daemon{home_.path(), [](const seen_request&, const fake_connection& c) {
                             c.send(test::stream_head() + test::chunk("1\n"));
                             c.wait_for_close();
                           }};
  stream_loop loop{daemon.socket()};
  int heard = 0;
  loop.on_signals(/*with_children=*/false, [&](int signal) {
    heard = signal;
    loop.stop();
  });
  loop.open(get("/"), {.on_line =
                           [](std::string_view) {
                             (void)std::raise(SIGINT);
                             return flow::go_on;
                           },
                       .on_end = {}});
  loop.run();
  EXPECT_EQ(heard, SIGINT);
}

TEST(PercentEncoding, LeavesNamesReadableAndHidesTheRest) {
  EXPECT_EQ(percent_encoded("api-1_x.y~z"), "api-1_x.y~z");
  EXPECT_EQ(percent_encoded("shop/api:0 é"), "shop%2Fapi%3A0%20%C3%A9");
}

} // namespace
} // namespace alder::cli
