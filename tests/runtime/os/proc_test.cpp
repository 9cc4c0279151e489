#include "runtime/os/proc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::os {
namespace {

std::string stat_line(const std::string& name, char state = 'S', int threads = 1) {
  return "42 (" + name + ") " + state + " 7 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 " + std::to_string(threads) +
         " 0 987654321 1000 2 18446744073709551615\n";
}

TEST(Proc, what_has_a_name_is_looked_at_once_more) {
  exec_window window;
  EXPECT_TRUE(window.look_again(::getpid()));
  EXPECT_FALSE(window.look_again(::getpid()));
}

TEST(Proc, what_never_gets_a_name_is_not_waited_for_for_ever) {
  exec_window window;
  int looks = 0;
  while (window.look_again(0))
    ASSERT_LT(++looks, 1000);
  EXPECT_GT(looks, 1);
}

TEST(Proc, reads_a_stat_line) {
  const auto p = parse_stat(stat_line("sh"));
  ASSERT_TRUE(p.has_value());
  EXPECT_EQ(p->pid, 42);
  EXPECT_EQ(p->state, 'S');
  EXPECT_EQ(p->parent, 7);
  EXPECT_EQ(p->session, 43);
  EXPECT_EQ(p->threads, 1);
  EXPECT_EQ(p->start_ticks, 987654321U);
}

TEST(Proc, a_process_name_may_hold_anything) {
  for (const auto* name : {"a) R 1 2 3", "((", "a b", ")", ""}) {
    const auto p = parse_stat(stat_line(name));
    ASSERT_TRUE(p.has_value()) << name;
    EXPECT_EQ(p->parent, 7) << name;
    EXPECT_EQ(p->start_ticks, 987654321U) << name;
  }
}

TEST(Proc, refuses_what_is_no_stat_line) {
  const auto whole = stat_line("sh");
  for (std::size_t length = 0; length < whole.find(" 987"); ++length)
    EXPECT_FALSE(parse_stat(whole.substr(0, length)).has_value()) << length;
  EXPECT_FALSE(parse_stat("x (sh) S 1 1 1").has_value());
}

TEST(Proc, a_zombie_lives_only_while_it_has_other_threads) {
  EXPECT_TRUE(is_living(*parse_stat(stat_line("sh", 'D'))));
  EXPECT_TRUE(is_living(*parse_stat(stat_line("sh", 'T'))));
  EXPECT_FALSE(is_living(*parse_stat(stat_line("sh", 'Z'))));
  EXPECT_TRUE(is_living(*parse_stat(stat_line("sh", 'Z', 2))));
}

TEST(Proc, knows_a_process_on_its_way_out) {
  auto line = stat_line("sh", 'R');
  EXPECT_FALSE(parse_stat(line)->is_exiting);
  line.replace(line.find("4194560"), 7, "4194564");
  EXPECT_TRUE(parse_stat(line)->is_exiting);
}

TEST(Proc, reads_this_process) {
  const auto self = read_stat(::getpid());
  ASSERT_TRUE(self.has_value());
  EXPECT_EQ(self->pid, ::getpid());
  EXPECT_EQ(self->parent, ::getppid());
  EXPECT_EQ(self->session, ::getsid(0));
  EXPECT_FALSE(read_stat(0).has_value());
}

TEST(Proc, finds_a_whole_variable_in_an_environment) {
  const char* path = std::getenv("PATH");
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(environment_tells(::getpid(), "PATH", path), std::optional{true});
  EXPECT_EQ(environment_tells(::getpid(), "PATH", std::string{path} + "x"), std::optional{false});
  EXPECT_EQ(environment_tells(::getpid(), "ATH", path), std::optional{false});
  EXPECT_EQ(environment_tells(0, "PATH", path), std::optional{false});
}

TEST(Proc, an_empty_environment_tells_nothing) {
  const int child = ::fork();
  if (child == 0) {
    char* const nothing[] = {nullptr};
    ::execle("/bin/sleep", "sleep", "1000", nullptr, nothing);
    std::_Exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (command_line(child) != "sleep 1000" && std::chrono::steady_clock::now() < deadline)
    ::sched_yield();
  EXPECT_EQ(environment_tells(child, "PATH", "x"), std::nullopt);
  EXPECT_EQ(environment_tells(::getpid(), "PATH", "x"), std::optional{false});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(Proc, both_sources_find_the_children) {
  const int child = ::fork();
  if (child == 0) {
    ::pause();
    std::_Exit(0);
  }
  for (const auto from : {family::source::children_files, family::source::whole_proc}) {
    const auto children = family{from}.children(::getpid());
    EXPECT_EQ(std::count(children.begin(), children.end(), child), 1);
    EXPECT_TRUE(family{from}.children(child).empty());
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

} // namespace
} // namespace alder::os
