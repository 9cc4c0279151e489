#include "runtime/os/cgroup.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/member_table.hpp"

#include <algorithm>

namespace alder::os {
namespace {

TEST(Cgroup, MountsAreFoundAmongOthers) {
  struct row {
    const char* text;
    std::vector<cgroup_mount> found;
  };
  const std::vector<row> table{
      {"", {}},
      {"22 1 0:20 / /proc rw,nosuid - proc proc rw\n", {}},
      {"30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n", {{"/", "/sys/fs/cgroup"}}},
      {"35 30 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
       "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 none rw\n",
       {{"/", "/sys/fs/cgroup/unified"}}},
      {"9 8 0:37 /docker/4f /my\\040groups rw master:1 propagate_from:2 - cgroup2 cgroup rw\n",
       {{"/docker/4f", "/my groups"}}},
      {"30 22 0:27 / /x rw\n30 22 0:27 / /x rw -\n30\n\n - cgroup2\n", {}},
  };
  for (const auto& one : table)
    EXPECT_EQ(cgroup_mounts(one.text), one.found) << one.text;
}

TEST(Cgroup, TheGroupOfAProcessIsThatOfTheUnifiedHierarchy) {
  EXPECT_EQ(cgroup_in("0::/\n"), "/");
  EXPECT_EQ(cgroup_in("9:name=systemd:/a\n4:memory:/b\n0::/user.slice/a:b.scope\n"), "/user.slice/a:b.scope");
  EXPECT_EQ(cgroup_in("4:memory:/b\n"), std::nullopt);
  EXPECT_EQ(cgroup_in(""), std::nullopt);
}

TEST(Cgroup, TheDirectoryOfAGroupDependsOnWhatIsMounted) {
  struct row {
    std::vector<cgroup_mount> mounts;
    const char* group;
    std::optional<std::string> directory;
  };
  const std::vector<row> table{
      {{{"/", "/sys/fs/cgroup"}}, "/", "/sys/fs/cgroup"},
      {{{"/", "/sys/fs/cgroup"}}, "/a/b", "/sys/fs/cgroup/a/b"},
      {{{"/docker/4f", "/cg"}}, "/docker/4f", "/cg"},
      {{{"/docker/4f", "/cg"}}, "/docker/4f/alder", "/cg/alder"},
      {{{"/docker/4f", "/cg"}}, "/docker/4fe", std::nullopt},
      {{{"/docker/4f", "/cg"}, {"/", "/all"}}, "/other", "/all/other"},
      {{{"/", "/cg"}}, "/../x", std::nullopt},
      {{}, "/", std::nullopt},
  };
  for (const auto& one : table)
    EXPECT_EQ(cgroup_directory(one.mounts, one.group), one.directory) << one.group;
}

TEST(Cgroup, AShareOfProcessorsIsAQuotaOfThePeriod) {
  EXPECT_EQ(cpu_max_text(1500), "150000 100000");
  EXPECT_EQ(cpu_max_text(250), "25000 100000");
  EXPECT_EQ(cpu_max_text(1), "1000 100000"); // the least the kernel takes
}

TEST(Cgroup, LimitsNeedTheirControllers) {
  EXPECT_EQ(controllers_for({}), std::vector<std::string>{});
  EXPECT_EQ(controllers_for({.memory_high = 1}), std::vector<std::string>{"memory"});
  EXPECT_EQ(controllers_for({.memory_max = 1, .cpu_max = 1, .pids_max = 1}),
            (std::vector<std::string>{"memory", "cpu", "pids"}));
}

TEST(Cgroup, WhoWasKilledForMemoryIsTold) {
  const auto events = parse_memory_events("low 0\nhigh 3\nmax 1203\noom 1\noom_kill 1\noom_group_kill 7\n");
  EXPECT_EQ(events, (memory_events{.over_limit = 1, .killed = 1}));
  const cgroup_limits limits{.memory_max = std::uint64_t{300} << 20};
  EXPECT_EQ(memory_words({}, limits), "");
  EXPECT_EQ(memory_words({.over_limit = 5, .killed = 0}, limits), "");
  EXPECT_EQ(memory_words(events, limits),
            "the kernel killed one of its processes because memory_max 300M was exceeded");
  EXPECT_EQ(memory_words({.over_limit = 9, .killed = 2}, limits),
            "the kernel killed 2 of its processes because memory_max 300M was exceeded");
  EXPECT_EQ(memory_words({.over_limit = 0, .killed = 1}, limits),
            "the kernel killed one of its processes because the machine was out of memory");
}

/// What the kernel's files would hold, in a directory of ours.
struct FakeCgroup : ::testing::Test {
  test::scratch dir;

  void put(const std::string& name, const std::string& text) const { std::ofstream{dir.path(name)} << text; }
  [[nodiscard]] std::string get(const std::string& name) const {
    std::string text;
    std::getline(std::ifstream{dir.path(name)}, text, '\0');
    return text;
  }
};

TEST_F(FakeCgroup, EachLimitGoesToItsFile) {
  for (const auto* file : {"memory.max", "memory.high", "cpu.max", "pids.max"})
    put(file, "");
  ASSERT_TRUE(limit_cgroup(dir.path(), {.memory_max = 4096, .memory_high = 2048, .cpu_max = 500, .pids_max = 7}).ok());
  EXPECT_EQ(get("memory.max"), "4096");
  EXPECT_EQ(get("memory.high"), "2048");
  EXPECT_EQ(get("cpu.max"), "50000 100000");
  EXPECT_EQ(get("pids.max"), "7");
}

TEST_F(FakeCgroup, AMissingControllerIsAnError) {
  put("cpu.max", "");
  EXPECT_TRUE(limit_cgroup(dir.path(), {.cpu_max = 500}).ok());
  const auto done = limit_cgroup(dir.path(), {.memory_max = 4096, .cpu_max = 500});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.failure().kind, error_kind::not_found);
  EXPECT_NE(done.failure().message.find("memory.max"), std::string::npos);
}

TEST_F(FakeCgroup, MembersAreThoseOfAllGroupsBelow) {
  put("cgroup.procs", "12\n0\n13\n");
  std::filesystem::create_directories(dir.path("a/b"));
  put("a/cgroup.procs", "14\n");
  put("a/b/cgroup.procs", "15\n");
  EXPECT_EQ(processes_in(dir.path()), (std::vector<int>{12, 13}));
  EXPECT_EQ(processes_in_all(dir.path()), (std::vector<int>{12, 13, 14, 15}));
  EXPECT_EQ(processes_in(dir.path("gone")), std::vector<int>{});
}

TEST_F(FakeCgroup, PopulatedAndControllersAreRead) {
  put("cgroup.events", "populated 1\nfrozen 0\n");
  EXPECT_TRUE(is_populated(dir.path()));
  put("cgroup.events", "populated 0\nfrozen 1\n");
  EXPECT_FALSE(is_populated(dir.path()));
  EXPECT_FALSE(is_populated(dir.path("gone")));
  put("cgroup.controllers", "cpu memory pids\n");
  put("cgroup.subtree_control", "\n");
  EXPECT_EQ(controllers_of(dir.path(), false), (std::vector<std::string>{"cpu", "memory", "pids"}));
  EXPECT_EQ(controllers_of(dir.path(), true), std::vector<std::string>{});
  ASSERT_TRUE(switch_controller(dir.path(), "memory", true).ok());
  EXPECT_EQ(get("cgroup.subtree_control").substr(0, 7), "+memory");
}

TEST_F(FakeCgroup, AKernelThatCannotKillAGroupSaysSo) {
  put("cgroup.events", "populated 1\n");
  EXPECT_EQ(kill_cgroup(dir.path()).failure().kind, error_kind::unavailable);
  EXPECT_EQ(kill_cgroup(dir.path("gone")).failure().kind, error_kind::not_found);
  put("cgroup.kill", "");
  ASSERT_TRUE(kill_cgroup(dir.path()).ok());
  EXPECT_EQ(get("cgroup.kill"), "1");
}

/// A group of the real kernel, where it lets us have one.
struct RealCgroup : ::testing::Test {
  std::string group;

  void SetUp() override {
    const auto own = cgroup_of(0);
    if (!own) GTEST_SKIP() << own.failure().message;
    group = *own + "/alder-test-" + std::to_string(::getpid());
    if (const auto made = make_cgroup(group); !made) {
      group.clear();
      GTEST_SKIP() << made.failure().message;
    }
    ASSERT_TRUE(become_subreaper().ok());
  }

  void TearDown() override {
    if (group.empty()) return;
    (void)kill_cgroup(group);
    EXPECT_TRUE(eventually([&] { return remove_cgroup(group).ok(); }));
  }

  template <class Condition> static bool eventually(const Condition& holds) {
    const auto deadline = test::steady::now() + test::patience;
    while (!holds()) {
      if (test::steady::now() > deadline) return false;
      while (reap_any()) {
      }
      pause(std::chrono::milliseconds{5});
    }
    return true;
  }

  [[nodiscard]] spawned_process start(const std::string& script) const {
    spawn_request request;
    request.program = "/bin/sh";
    request.start.command = {"/bin/sh", "-c", script};
    request.start.environment = {{"PATH", "/usr/bin:/bin"}, {"ALDER_MEMBER", std::to_string(::getpid()) + ".2/t/a/3"}};
    request.cgroup = group;
    auto started = spawn(request);
    EXPECT_TRUE(std::holds_alternative<spawned_process>(started));
    return std::move(std::get<spawned_process>(started));
  }
};

TEST_F(RealCgroup, AProcessIsInItBeforeItExecutes) {
  auto process = start("while read line; do echo \"$line\"; done < /proc/self/cgroup; exec sleep 1000");
  std::string line;
  while (line.rfind("0::", 0) != 0)
    line = test::read_line(process.held[holding::out].get());
  EXPECT_EQ(line.substr(line.rfind('/') + 1), group.substr(group.rfind('/') + 1));
  EXPECT_EQ(processes_in(group), std::vector<int>{process.pid});
  EXPECT_TRUE(is_populated(group));
}

TEST_F(RealCgroup, NothingEscapesItsKill) {
  auto process = start("(setsid env -i /bin/sh -c 'sleep 1000 & echo $!; exec sleep 1000' &) ; exec sleep 1000");
  const int far = std::atoi(test::read_line(process.held[holding::out].get()).c_str());
  ASSERT_GT(far, 0);
  ASSERT_TRUE(eventually([&] { return processes_in(group).size() == 3; }));
  EXPECT_EQ(remove_cgroup(group).failure().kind, error_kind::conflict);
  ASSERT_TRUE(kill_cgroup(group).ok());
  EXPECT_TRUE(eventually([&] { return !is_populated(group); }));
  EXPECT_TRUE(eventually([&] { return ::kill(far, 0) != 0; }));
}

TEST_F(RealCgroup, WhoHasLeftEverythingElseIsStillAMember) {
  auto process = start("(setsid prlimit --locks=unlimited env -i sleep 1000 &) ; exec sleep 1000");
  const auto line = std::to_string(::getpid()) + ".2";
  const auto mark = line + "/t/a/3";
  member_table table{::getpid(), line};
  table.add(mark, member_table::since::before);
  table.set_main(mark, process.pid);
  ASSERT_TRUE(eventually([&] { return processes_in(group).size() == 2; }));
  EXPECT_EQ(table.members(mark, group).size(), 2U);
  (void)table.kill(mark, group); // how many were left for SIGKILL depends on how fast the kernel killed the group
  EXPECT_TRUE(eventually([&] { return table.members(mark, group).empty(); }));
}

TEST_F(RealCgroup, AGroupIsRemovedWithThoseItsProcessesMade) {
  ASSERT_TRUE(make_cgroup(group + "/a").ok());
  ASSERT_TRUE(make_cgroup(group + "/a/b").ok());
  EXPECT_TRUE(remove_cgroup(group).ok());
  EXPECT_FALSE(std::filesystem::exists(group));
  EXPECT_TRUE(remove_cgroup(group).ok());
}

TEST_F(RealCgroup, AStartInAGroupThatIsNotThereFails) {
  spawn_request request;
  request.program = "/bin/true";
  request.start.command = {"/bin/true"};
  request.cgroup = group + "/gone";
  const auto started = spawn(request);
  ASSERT_TRUE(std::holds_alternative<spawn_failure>(started));
  EXPECT_EQ(std::get<spawn_failure>(started).stage, wire::spawn_stage::cgroup);
  EXPECT_EQ(std::get<spawn_failure>(started).os_errno, ENOENT);
}

} // namespace
} // namespace alder::os
