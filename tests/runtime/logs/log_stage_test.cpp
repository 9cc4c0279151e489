#include "runtime/logs/log_stage.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <random>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::logs {
namespace {

struct two_ends {
  unique_fd read;
  unique_fd write;
};

two_ends make_ends() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

os::log_stage_files copy_of(const os::log_stage_files& files) {
  return {unique_fd{::dup(files.read.get())}, unique_fd{::dup(files.write.get())},
          unique_fd{::dup(files.memory.get())}};
}

unique_fd open_log(const std::string& path) { return unique_fd{::open(path.c_str(), O_RDWR | O_CREAT, 0600)}; }

struct LogStage : ::testing::Test {
  test::temporary_directory dir;
  os::log_stage_files kept = *os::make_log_stage();
  two_ends pipe = make_ends();
  std::string path = dir / "log";

  log_stage next() {
    const int fd = pipe.read.get();
    auto stage = log_stage::take_over(copy_of(kept), {&fd, 1});
    EXPECT_TRUE(static_cast<bool>(stage));
    return std::move(*stage);
  }
  void say(const std::string& text) { ASSERT_TRUE(os::write_all(pipe.write.get(), text)); }
};

TEST_F(LogStage, shows_bytes_without_taking_them) {
  auto stage = next();
  say("hello\n");
  EXPECT_EQ(stage.peek(pipe.read.get()).bytes, "hello\n");
  EXPECT_EQ(stage.peek(pipe.read.get(), 3).bytes, "hel");
  EXPECT_EQ(stage.peek(pipe.read.get()).bytes, "hello\n");
}

TEST_F(LogStage, takes_as_much_as_it_is_told) {
  auto stage = next();
  say("one\ntwo\n");
  ASSERT_EQ(stage.peek(pipe.read.get()).bytes, "one\ntwo\n");
  stage.take(pipe.read.get(), 4);
  EXPECT_EQ(stage.peek(pipe.read.get()).bytes, "two\n");
}

TEST_F(LogStage, tells_an_empty_pipe_from_one_that_ended) {
  auto stage = next();
  EXPECT_FALSE(stage.peek(pipe.read.get()).has_ended);
  pipe.write.reset();
  EXPECT_TRUE(stage.peek(pipe.read.get()).has_ended);
}

TEST_F(LogStage, takes_back_what_a_predecessor_wrote_half) {
  auto file = open_log(path);
  ASSERT_TRUE(os::write_all(file.get(), "before\n"));
  say("one\ntwo\n");
  {
    auto stage = next();
    ASSERT_EQ(stage.peek(pipe.read.get()).bytes, "one\ntwo\n");
    stage.begin_write(file.get(), path, 8);
    ASSERT_TRUE(os::write_all(file.get(), "one\nt"));
  }
  auto stage = next();
  EXPECT_EQ(*os::read_file(path, 100), "before\n");
  EXPECT_EQ(stage.peek(pipe.read.get()).bytes, "one\ntwo\n");
}

TEST_F(LogStage, leaves_what_others_added_to_the_file) {
  auto file = open_log(path);
  {
    auto stage = next();
    stage.begin_write(file.get(), path, 3);
    ASSERT_TRUE(os::write_all(file.get(), "ours and theirs"));
  }
  auto stage = next();
  EXPECT_EQ(*os::read_file(path, 100), "ours and theirs");
}

TEST_F(LogStage, leaves_a_file_that_took_the_place_of_the_one_written) {
  auto file = open_log(path);
  {
    auto stage = next();
    stage.begin_write(file.get(), path, 3);
  }
  ASSERT_TRUE(os::rename_file(path, dir / "old"));
  auto other = open_log(path);
  ASSERT_TRUE(os::write_all(other.get(), "abc"));
  auto stage = next();
  EXPECT_EQ(*os::read_file(path, 100), "abc");
}

TEST_F(LogStage, survives_memory_that_holds_garbage) {
  const std::string garbage(os::log_stage_memory, '\xff');
  ASSERT_EQ(::pwrite(kept.memory.get(), garbage.data(), garbage.size(), 0), static_cast<ssize_t>(garbage.size()));
  auto stage = next();
  say("one\n");
  EXPECT_EQ(stage.peek(pipe.read.get()).bytes, "one\n");
  stage.take(pipe.read.get(), 4);
  EXPECT_TRUE(stage.peek(pipe.read.get()).bytes.empty());
}

/// What a daemon does with one pipe, until it is killed or the pipe ends.
[[noreturn]] void pump(os::log_stage_files files, int pipe, const std::string& path) {
  auto stage = log_stage::take_over(std::move(files), {&pipe, 1});
  const auto file = open_log(path);
  for (;;) {
    pollfd waited{pipe, POLLIN, 0};
    (void)::poll(&waited, 1, -1);
    const auto seen = stage->peek(pipe);
    if (seen.has_ended) ::_exit(0);
    (void)::lseek(file.get(), 0, SEEK_END);
    stage->begin_write(file.get(), path, seen.bytes.size());
    if (!os::write_all(file.get(), seen.bytes)) ::_exit(1);
    stage->take(pipe, seen.bytes.size());
  }
}

[[noreturn]] void speak(int pipe, int lines) {
  (void)::fcntl(pipe, F_SETFL, 0);
  for (int n = 0; n < lines; ++n)
    if (!os::write_all(pipe, "line " + std::to_string(n) + "\n")) ::_exit(1);
  ::_exit(0);
}

TEST_F(LogStage, keeps_every_line_once_over_a_hundred_kills) {
  constexpr int lines = 300'000;
  const int speaker = ::fork();
  if (speaker == 0) speak(pipe.write.get(), lines);
  pipe.write.reset();
  std::mt19937 random{1}; // NOLINT(cert-msc51-cpp): the same kills every time
  bool is_done = false;
  for (int kill = 0; !is_done; ++kill) {
    const int child = ::fork();
    if (child == 0) pump(copy_of(kept), pipe.read.get(), path);
    if (kill < 100) {
      (void)::usleep(static_cast<useconds_t>(random() % 3000));
      ASSERT_EQ(::kill(child, SIGKILL), 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ASSERT_TRUE(is_done || WIFSIGNALED(status));
  }
  ASSERT_EQ(::waitpid(speaker, nullptr, 0), speaker);
  std::string expected;
  for (int n = 0; n < lines; ++n)
    expected += "line " + std::to_string(n) + "\n";
  EXPECT_TRUE(*os::read_file(path, 64 << 20) == expected);
}

} // namespace
} // namespace alder::logs
