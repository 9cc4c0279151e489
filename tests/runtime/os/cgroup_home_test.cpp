#include "runtime/os/cgroup_home.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"

namespace alder::os {
namespace {

TEST(CgroupHome, BaseIsTheGroupTheKeeperWasStartedIn) {
  EXPECT_EQ(cgroup_base("/sys/fs/cgroup"), "/sys/fs/cgroup");
  EXPECT_EQ(cgroup_base("/cg/system.slice/alder.service"), "/cg/system.slice/alder.service");
  EXPECT_EQ(cgroup_base("/cg/a.scope/alder-12.345/keeper"), "/cg/a.scope");
  EXPECT_EQ(cgroup_base("/cg/a.scope/other-12.345/keeper"), "/cg/a.scope/other-12.345/keeper");
  EXPECT_EQ(cgroup_base("/cg/a.scope/alder-12.345/shop:db.1"), "/cg/a.scope/alder-12.345/shop:db.1");
  EXPECT_EQ(cgroup_base("/keeper"), "/keeper");
}

TEST(CgroupList, NeverNamesWhatIsNotOurs) {
  const test::scratch dir;
  const auto list = dir.path("cgroups");
  const auto victim = dir.path("user.slice");
  std::filesystem::create_directories(victim + "/session");
  std::filesystem::create_directories(dir.path("alder-7.100") + "/web.1");
  // Cut short within the name, garbled, relative, without its end; and one that is whole.
  for (const auto& text : {victim + "\n", victim + "/alder-\n", std::string(40, '\0') + victim + "\n",
                           std::string{"user.slice/alder-7.1\n"}, dir.path("alder-7.100"),
                           "\x01\x02\n" + dir.path("alder-7.100") + "\tcpu"}) {
    ASSERT_TRUE(write_file_atomically(list, text));
    end_cgroups(list);
    EXPECT_TRUE(std::filesystem::exists(victim + "/session")) << text;
    EXPECT_TRUE(std::filesystem::exists(dir.path("alder-7.100") + "/web.1")) << text;
  }
  EXPECT_EQ(damaged_files(dir.path()).size(), 6U) << "each is kept";
  ASSERT_TRUE(write_file_atomically(list, "garbage\n" + dir.path("alder-7.100") + "\n"));
  end_cgroups(list);
  EXPECT_FALSE(std::filesystem::exists(dir.path("alder-7.100") + "/web.1")) << "the rest of the list counts";
}

/// In the group of the test itself, where the kernel lets us.
struct RealCgroupHome : ::testing::Test {
  test::scratch dir;
  std::string base;
  std::string mark = "test" + std::to_string(::getpid()) + ".1";
  std::string list = dir.path("cgroups");

  void SetUp() override {
    if (const auto trouble = cgroup_trouble_of(0, "")) GTEST_SKIP() << trouble->cause;
    base = cgroup_base(*cgroup_of(0));
  }
  void TearDown() override {
    if (!base.empty()) end_cgroups(list);
    EXPECT_FALSE(std::filesystem::exists(home()));
  }
  [[nodiscard]] std::string home() const { return base + "/alder-" + mark; }
  [[nodiscard]] cgroup_home open() const { return {::getpid(), mark, list}; }

  [[nodiscard]] static int start_in(const std::string& group) {
    spawn_request request;
    request.program = "/bin/sleep";
    request.start.command = {"/bin/sleep", "1000"};
    request.cgroup = group;
    auto started = spawn(request);
    EXPECT_TRUE(std::holds_alternative<spawned_process>(started));
    return std::get<spawned_process>(started).pid;
  }
};

TEST_F(RealCgroupHome, NothingIsMadeBeforeItIsNeeded) {
  auto groups = open();
  EXPECT_FALSE(std::filesystem::exists(home()));
  EXPECT_EQ(groups.find("shop:db.1"), "");
  const auto made = groups.make("shop:db.1", {});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*made, home() + "/shop:db.1");
  EXPECT_EQ(groups.find("shop:db.1"), *made);
}

TEST_F(RealCgroupHome, WhoComesAfterACrashFindsAndRemovesGroups) {
  const auto kept = open().make("shop:db.1", {});
  const auto left = open().make("shop:db.2", {});
  ASSERT_TRUE(kept.ok() && left.ok());
  const auto next = open();
  EXPECT_EQ(next.find("shop:db.1"), *kept);
  const int pid = start_in(*left); // which nobody looks after
  const auto dying = next.clear({*kept});
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_LE(dying.size(), 1U); // it may have been quick
  for (const auto& group : dying)
    EXPECT_TRUE(remove_cgroup(group).ok());
  EXPECT_TRUE(std::filesystem::exists(*kept));
  EXPECT_FALSE(std::filesystem::exists(*left));
}

TEST_F(RealCgroupHome, AGroupThatIsStillThereIsNotTakenForAnotherProcess) {
  auto home = open();
  const auto first = home.make("shop:db.1", {});
  ASSERT_TRUE(first.ok());
  const int pid = start_in(*first);
  EXPECT_EQ(home.make("shop:db.1", {}).failure().kind, error_kind::conflict);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_TRUE(home.make("shop:db.1", {}).ok());
}

TEST_F(RealCgroupHome, TheEndKillsWhatIsLeftAndRemovesAll) {
  const auto group = open().make("shop:db.1", {});
  ASSERT_TRUE(group.ok());
  const int pid = start_in(*group);
  ASSERT_TRUE(is_populated(*group));
  end_cgroups(list);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(home()));
  EXPECT_FALSE(std::filesystem::exists(list));
}

TEST_F(RealCgroupHome, AHomeElsewhereIsRememberedUntilItIsEmpty) {
  const auto elsewhere = base + "/alder-test-elsewhere-" + std::to_string(::getpid());
  ASSERT_TRUE(make_cgroup(elsewhere).ok());
  ASSERT_TRUE(make_cgroup(elsewhere + "/shop:db.7").ok());
  std::ofstream{list} << elsewhere << "\n";
  EXPECT_EQ(open().find("shop:db.7"), elsewhere + "/shop:db.7");
  EXPECT_TRUE(open().clear({elsewhere + "/shop:db.7"}).empty());
  EXPECT_TRUE(std::filesystem::exists(elsewhere + "/shop:db.7"));
  EXPECT_TRUE(open().clear({}).empty());
  EXPECT_FALSE(std::filesystem::exists(elsewhere));
}

TEST_F(RealCgroupHome, AControllerThatIsNotThereIsToldWithItsRemedy) {
  const auto trouble = cgroup_trouble_of(0, "no-such-controller");
  ASSERT_TRUE(trouble.has_value());
  EXPECT_NE(trouble->cause.find("'no-such-controller'"), std::string::npos);
  EXPECT_FALSE(trouble->remedy.empty());
}

} // namespace
} // namespace alder::os
