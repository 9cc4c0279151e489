#include "runtime/os/background.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

namespace alder::os {
namespace {

using namespace std::chrono_literals;

TEST(Background, AChildTellsThatItIsReadyThroughDescriptorThree) {
  auto started = start_in_background({"/bin/sh", "-c", "echo ready >&3; exit 7"}, attachment::child);
  ASSERT_TRUE(started.ok());
  const auto line = read_line(started->ready.get(), 10s);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(*line, "ready");
  ASSERT_TRUE(wait_until_gone(started->pid, 10s));
  EXPECT_EQ(reap_child(started->pid), exit_status::code(7));
}

TEST(Background, ADetachedProgramIsInASessionOfItsOwnAndNotOurChild) {
  auto started = start_in_background({"/bin/sh", "-c", "read -r a b c d e f rest </proc/self/stat; echo $f $PPID >&3"},
                                     attachment::detached);
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(started->pid, 0);
  const auto line = read_line(started->ready.get(), 10s);
  ASSERT_TRUE(line.ok());
  const auto space = line->find(' ');
  EXPECT_NE(std::stoi(line->substr(0, space)), ::getsid(0));
  EXPECT_NE(std::stoi(line->substr(space + 1)), ::getpid());
}

TEST(Background, AProgramThatIsNotThereSaysSoThroughThePipe) {
  auto started = start_in_background({"/nonexistent/program"}, attachment::detached);
  ASSERT_TRUE(started.ok());
  const auto line = read_line(started->ready.get(), 10s);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(*line, "error: could not start /nonexistent/program: no such file or directory (ENOENT)");
}

TEST(Background, AnEndWithoutAWordIsUnavailable) {
  auto started = start_in_background({"/bin/true"}, attachment::detached);
  ASSERT_TRUE(started.ok());
  const auto line = read_line(started->ready.get(), 10s);
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.failure().kind, error_kind::unavailable);
}

TEST(Background, SilenceTimesOut) {
  auto started =
      start_in_background({"/bin/sh", "-c", "read -r x </dev/tty || exec tail -f /dev/null"}, attachment::child);
  ASSERT_TRUE(started.ok());
  const auto line = read_line(started->ready.get(), 20ms);
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.failure().kind, error_kind::timed_out);
  EXPECT_FALSE(wait_until_gone(started->pid, 1ms));
  send_signal(started->pid, SIGKILL);
  ASSERT_TRUE(wait_until_gone(started->pid, 10s));
  EXPECT_EQ(reap_child(started->pid), exit_status::signal(SIGKILL));
}

} // namespace
} // namespace alder::os
