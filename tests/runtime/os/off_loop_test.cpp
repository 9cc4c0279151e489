#include "runtime/os/off_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

namespace alder::os {
namespace {

using namespace std::chrono_literals;

struct OffLoop : ::testing::Test {
  void run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline)
      loop.run_one_for(100ms);
    EXPECT_TRUE(condition());
  }

  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> always{loop.get_executor()};
  std::promise<void> hang;
  std::shared_future<void> released = hang.get_future().share();
};

TEST_F(OffLoop, WorkIsDoneOnAThreadAndItsResultComesToTheLoop) {
  off_loop threads{loop};
  std::thread::id there;
  std::optional<int> answer;
  threads.ask<int>(
      "a",
      [&] {
        there = std::this_thread::get_id();
        return 42;
      },
      20s, [&](std::optional<int> got) { answer = got; });
  run_until([&] { return answer.has_value(); });
  EXPECT_EQ(*answer, 42);
  EXPECT_NE(there, std::this_thread::get_id());
}

TEST_F(OffLoop, WhatHangsIsGivenUpAndHoldsUpNothingElse) {
  off_loop threads{loop};
  std::vector<std::string> told;
  threads.run(
      "stuck", [wait = released] { wait.wait(); }, 3s, // in which its thread has surely begun
      [&](bool done) { told.push_back(done ? "?" : "late"); });
  run_until([&] { return told.size() == 1; });
  threads.run(
      "other", [] {}, 20s, [&](bool done) { told.push_back(done ? "done" : "?"); });
  run_until([&] { return told.size() == 2; });
  bool was_tried = false; // the same again takes no further thread
  threads.run(
      "stuck", [&] { was_tried = true; }, 20s, [&](bool done) { told.push_back(done ? "?" : "late again"); });
  run_until([&] { return told.size() == 3; });
  EXPECT_FALSE(was_tried);
  hang.set_value();
  // It is tried again as soon as the first attempt has come back.
  run_until([&] {
    if (told.back() != "done again")
      threads.run(
          "stuck", [] {}, 20s, [&](bool done) { told.push_back(done ? "done again" : "not yet"); });
    loop.run_one_for(10ms);
    return told.back() == "done again";
  });
  EXPECT_EQ((std::vector<std::string>{told.begin(), told.begin() + 3}),
            (std::vector<std::string>{"late", "done", "late again"}));
}

TEST_F(OffLoop, NobodyIsToldWhenItIsGone) {
  bool told = false;
  {
    off_loop threads{loop};
    threads.run(
        "stuck", [wait = released] { wait.wait(); }, 20s, [&](bool) { told = true; });
    threads.run(
        "late", [wait = released] { wait.wait(); }, 0ms, [&](bool) { told = true; });
  }
  hang.set_value();
  loop.poll();
  EXPECT_FALSE(told);
}

} // namespace
} // namespace alder::os
