#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ProcessMembers = host_bed;

TEST_F(ProcessMembers, TheMainProcessIsFirstAmongThoseOfANode) {
  const living_process main;
  run(web, main.pid());
  EXPECT_THAT(members.of_node("shop/web"_node), ElementsAre(main.pid()));
  EXPECT_TRUE(members.belongs(main.pid(), web));
  EXPECT_TRUE(members.is_ours(main.pid()));
  EXPECT_FALSE(members.is_ours(::getpid()));
  EXPECT_THAT(members.of_node("shop/db"_node), IsEmpty());
}

TEST_F(ProcessMembers, WhoIsWaitedForIsToldOfWhenNoneIsLeft) {
  members.await(web); // not in the table: nobody is waited for
  auto main = std::make_unique<living_process>();
  run(web, main->pid());
  members.await(web);
  EXPECT_TRUE(run_until([] { return true; }));
  EXPECT_THAT(gone, IsEmpty());
  main.reset();
  ASSERT_TRUE(run_until([&] { return !gone.empty(); })) << "nobody reports its end";
  EXPECT_THAT(gone, ElementsAre(web));
}

TEST_F(ProcessMembers, AReportedEndIsNoticedWithoutWaiting) {
  auto main = std::make_unique<living_process>();
  run(web, main->pid());
  (void)members.pids(web);
  members.await(web);
  main.reset();
  members.note_end_of_main(web);
  EXPECT_THAT(gone, ElementsAre(web));
  members.note_end_of_main(web);
  EXPECT_THAT(gone, ElementsAre(web)) << "once";
}

TEST_F(ProcessMembers, NobodyIsLeftOfAProcessWhenAllOrphansAreOfOthers) {
  const living_process main;
  const living_process other;
  auto& process = run(web, main.pid());
  const auto orphan = static_cast<std::uint32_t>(other.pid());
  EXPECT_TRUE(members.is_alone(web, std::vector<std::uint32_t>{}));
  EXPECT_FALSE(members.is_alone(web, std::nullopt)) << "not known";
  EXPECT_FALSE(members.is_alone(web, std::vector{orphan})) << "nobody knows whose that is";
  run({"shop/db"_node, 1}, other.pid());
  EXPECT_TRUE(members.is_alone(web, std::vector{orphan}));
  EXPECT_FALSE(members.is_alone({"shop/db"_node, 1}, std::vector{orphan}));
  process.cgroup = "/sys/fs/cgroup/web";
  EXPECT_FALSE(members.is_alone(web, std::vector<std::uint32_t>{})) << "the group is asked";
}

TEST_F(ProcessMembers, OneThatIsAloneIsNotLookedFor) {
  const living_process main; // a look would find it
  auto& process = run(web, main.pid());
  process.is_alone = true;
  EXPECT_FALSE(members.has_others(web));
  members.kill_all(web);
  EXPECT_TRUE(run_until([&] { return !gone.empty(); }));
}

TEST_F(ProcessMembers, KillAllKillsUntilNoneIsLeft) {
  const living_process main;
  run(web, main.pid());
  members.kill_all(web);
  ASSERT_EQ(::waitpid(main.pid(), nullptr, 0), main.pid());
  ASSERT_TRUE(run_until([&] { return !gone.empty(); }));
}

TEST_F(ProcessMembers, OnlyAMainProcessThatLivesIsSignalledAlone) {
  const living_process main;
  auto& process = run(web, main.pid());
  process.kept.put(holding::pidfd, std::move(*os::open_pidfd(main.pid())));
  process.alive = false;
  members.signal_all(web, SIGKILL, /*main_only=*/true);
  EXPECT_EQ(::waitpid(main.pid(), nullptr, WNOHANG), 0);
  process.alive = true;
  members.signal_all(web, SIGKILL, /*main_only=*/true);
  EXPECT_EQ(::waitpid(main.pid(), nullptr, 0), main.pid());
}

TEST_F(ProcessMembers, WhatIsRemovedIsNotWaitedForAnyMore) {
  auto main = std::make_unique<living_process>();
  run(web, main->pid());
  members.await(web);
  members.remove(web);
  main.reset();
  members.note_end_of_main(web);
  members.check_all();
  EXPECT_THAT(gone, IsEmpty());
}

} // namespace
} // namespace alder::actors::testing
