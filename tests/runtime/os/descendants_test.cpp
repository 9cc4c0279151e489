#include "runtime/os/descendants.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/keeper_home.hpp"
#include "runtime/os/proc.hpp"

#include <vector>

namespace alder::os {
namespace {

/// The test itself is the subreaper its services hang below.
struct Descendants : ::testing::Test {
  void SetUp() override { ASSERT_TRUE(become_subreaper().ok()); }
  void TearDown() override {
    const auto deadline = test::steady::now() + test::patience;
    while (!tree_below(::getpid(), 0).empty() && test::steady::now() < deadline) {
      (void)kill_tree_below(::getpid(), 0);
      reap_all();
    }
    reap_all();
  }

  static void reap_all() {
    while (reap_any()) {
    }
  }

  spawned_process start(std::vector<std::string> command) {
    spawn_request request;
    request.program = command.front();
    request.start.command = std::move(command);
    request.start.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
    auto started = spawn(request);
    EXPECT_TRUE(std::holds_alternative<spawned_process>(started));
    return std::move(std::get<spawned_process>(started));
  }
};

TEST_F(Descendants, everything_below_is_found) {
  auto process = start({"/bin/sh", "-c", "sleep 1000 & setsid sh -c 'echo; sleep 1000' & wait"});
  (void)test::read_line(process.held[holding::out].get());
  const auto deadline = test::steady::now() + test::patience;
  while (tree_below(::getpid(), 0).size() < 4 && test::steady::now() < deadline) {
  }
  EXPECT_EQ(tree_below(::getpid(), 0).size(), 4U);
}

TEST_F(Descendants, signals_reach_all_and_pass_over_the_dead) {
  auto process = start({"/bin/sh", "-c", "sleep 1000 & echo; wait"});
  (void)test::read_line(process.held[holding::out].get());
  const auto all = tree_below(::getpid(), 0);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(signal_members(all, 0), 2U);
  EXPECT_EQ(signal_members(all, SIGKILL), 2U);
  for (const auto& one : all)
    EXPECT_TRUE(test::readable(one.pidfd.get()));
  reap_all();
  EXPECT_EQ(signal_members(all, SIGKILL), 0U);
}

TEST_F(Descendants, only_the_living_who_are_still_the_same_are_held) {
  auto process = start({"/bin/sleep", "1000"});
  auto dead = start({"/bin/true"});
  ASSERT_TRUE(test::readable(dead.held[holding::pidfd].get()));
  auto one = *read_stat(process.pid);
  const auto zombie = *read_stat(dead.pid);
  EXPECT_EQ(hold(std::vector{one, zombie}).size(), 1U);
  ++one.start_ticks;
  EXPECT_TRUE(hold(std::vector{one}).empty());
}

TEST_F(Descendants, a_spared_branch_stays) {
  auto spared = start({"/bin/sh", "-c", "sleep 1000 & echo; wait"});
  (void)test::read_line(spared.held[holding::out].get());
  auto other = start({"/bin/sleep", "1000"});
  EXPECT_EQ(kill_tree_below(::getpid(), spared.pid), 1U);
  reap(other.held[holding::pidfd].get());
  EXPECT_EQ(tree_below(::getpid(), 0).size(), 2U);
}

} // namespace
} // namespace alder::os
