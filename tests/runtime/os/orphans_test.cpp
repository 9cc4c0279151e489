#include "runtime/os/orphans.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/spawn.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// A process in a session of its own, killed at the end.
class sleeper {
public:
  explicit sleeper(const std::string& mark) {
    auto started = spawn({.program = "/bin/sleep",
                          .start = {.command = {"sleep", "1000"},
                                    .environment = {{"ALDER_MEMBER", mark}},
                                    .cwd = "/",
                                    .stdin_file = {},
                                    .umask = {},
                                    .attributes = {}},
                          .where = spawn_request::output::pipes,
                          .file = -1,
                          .passed = -1,
                          .file_limit = {}});
    process = std::move(std::get<spawned_process>(started));
    ticks = read_stat(process.pid)->start_ticks;
  }
  ~sleeper() { end(); }
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;
  void end() {
    if (!process.held[holding::pidfd]) return;
    (void)signal_pidfd(process.held[holding::pidfd].get(), SIGKILL);
    reap(process.held[holding::pidfd].get());
    process.held.put(holding::pidfd, unique_fd{});
  }
  spawned_process process;
  std::uint64_t ticks = 0;
};

std::uint64_t inode_of(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? facts.st_ino : 0;
}

TEST(Orphans, a_number_that_is_used_again_is_another_process) {
  sleeper one{"m/t/a/1"};
  auto found = open_same_process(one.process.pid, one.ticks);
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(has_ended(found->get()));
  EXPECT_EQ(open_same_process(one.process.pid, one.ticks - 1).failure().kind, error_kind::not_found);
  const auto pid = one.process.pid;
  one.end();
  EXPECT_TRUE(has_ended(found->get()));
  EXPECT_EQ(open_same_process(pid, one.ticks).failure().kind, error_kind::not_found);
}

TEST(Orphans, output_is_taken_hold_of_again_if_it_is_that_pipe) {
  sleeper one{"m/t/a/1"};
  const auto inode = inode_of(one.process.held[holding::out].get());
  EXPECT_FALSE(reopen_pipe(one.process.pid, 1, inode + 1).valid());
  EXPECT_FALSE(reopen_pipe(one.process.pid, 0, inode).valid()); // /dev/null
  one.process.held.put(holding::out, unique_fd{});
  const auto again = reopen_pipe(one.process.pid, 1, inode);
  ASSERT_TRUE(again.valid());
  std::ofstream{"/proc/" + std::to_string(one.process.pid) + "/fd/1"} << "said";
  char buffer[16];
  EXPECT_EQ(::read(again.get(), buffer, sizeof buffer), 4);
}

TEST(Orphans, leaders_are_found_by_the_beginning_of_their_mark) {
  const auto mark = "orphans-test-" + std::to_string(::getpid());
  sleeper one{mark + "/t/a/1"};
  sleeper two{mark + "/t/b:0/12"};
  sleeper other{"another/t/a/1"};
  const auto found = marked_leaders(mark + "/");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rest == "t/a/1" ? found[1].rest : found[0].rest, "t/b:0/12");
  EXPECT_TRUE(open_same_process(found[0].pid, found[0].start_ticks).ok());
}

TEST(Orphans, a_line_of_keepers_has_one_mark_until_the_machine_starts_anew) {
  char name[] = "/tmp/alder-test-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  const auto path = directory + "/keeper.mark";
  const auto spare = directory + "/spare.mark";
  EXPECT_EQ(*line_mark(path, spare, "7.100"), "7.100");
  EXPECT_EQ(*line_mark(path, spare, "9.200"), "7.100");
  std::string text;
  std::getline(std::ifstream{path}, text);
  text[0] = text[0] == 'a' ? 'b' : 'a'; // of another start
  std::ofstream{path} << text << "\n";
  EXPECT_EQ(*line_mark(path, spare, "9.200"), "9.200");
  EXPECT_TRUE(damaged_files(directory).empty());
  std::filesystem::remove(path); // everything was ended in order
  EXPECT_EQ(*line_mark(path, spare, "9.300"), "9.300");
  std::filesystem::remove_all(directory);
  EXPECT_FALSE(line_mark(path, spare, "9.300").ok());
}

TEST(Orphans, a_mark_that_cannot_be_read_is_kept_beside_and_the_spare_one_counts) {
  char name[] = "/tmp/alder-test-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  const auto path = directory + "/keeper.mark";
  const auto spare = directory + "/spare.mark";
  ASSERT_EQ(*line_mark(path, spare, "7.100"), "7.100");
  std::string whole;
  std::getline(std::ifstream{path}, whole);
  std::size_t kept = 0;
  for (const auto& text :
       {std::string{}, std::string(80, '\0'), std::string{"torn"}, whole, whole + "0 \n", std::string(5000, 'x')}) {
    std::filesystem::remove(path);
    std::ofstream{path} << text;
    EXPECT_EQ(*line_mark(path, spare, "9.200"), "7.100") << text;
    EXPECT_EQ(damaged_files(directory).size(), ++kept) << text;
    EXPECT_EQ(*line_mark(path, spare, "9.300"), "7.100") << "and it is mended";
    EXPECT_EQ(damaged_files(directory).size(), kept);
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(*line_mark(path, spare, "9.200"), "7.100");
  std::ofstream{path} << "torn";
  std::ofstream{spare} << "torn too";
  EXPECT_EQ(*line_mark(path, spare, "9.200"), "9.200");
  std::filesystem::remove_all(directory);
}

} // namespace
} // namespace alder::os
