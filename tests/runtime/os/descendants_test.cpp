#include "runtime/os/descendants.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/keeper_home.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <set>

namespace alder::os {
namespace {

/// The test itself is the subreaper its services hang below.
struct Descendants : ::testing::Test {
  static constexpr const char* marker = "1.2/t/a/3";
  test::scratch dir;
  std::vector<int> mains;

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

  spawned_process start(std::vector<std::string> command, const std::string& member = marker) {
    spawn_request request;
    request.program = command.front();
    request.command = std::move(command);
    request.environment = {"PATH=/usr/bin:/bin", "ALDER_MEMBER=" + member};
    auto started = spawn(request);
    EXPECT_TRUE(std::holds_alternative<spawned_process>(started));
    auto process = std::move(std::get<spawned_process>(started));
    mains.push_back(process.pid);
    return process;
  }

  /// Starts the daemoniser and waits until its last process runs. Returns that one's pid.
  int start_daemoniser(spawned_process& process, const std::vector<std::string>& words = {}) {
    std::vector<std::string> command = {test::bin("fixture_double_fork"), dir.path("pid")};
    command.insert(command.end(), words.begin(), words.end());
    process = start(command);
    int pid = 0;
    const auto deadline = test::steady::now() + test::patience;
    while (pid == 0 && test::steady::now() < deadline)
      std::ifstream{dir.path("pid")} >> pid;
    return pid;
  }

  /// As the keeper does.
  void reap_orphans() const {
    for (const int pid : family{}.children(::getpid()))
      if (std::find(mains.begin(), mains.end(), pid) == mains.end()) (void)::waitpid(pid, nullptr, WNOHANG);
  }

  [[nodiscard]] membership service(int main_pid) const {
    return {.keeper_pid = ::getpid(), .main_pid = main_pid, .marker = marker, .strangers = {}};
  }

  static std::set<int> pids(const std::vector<member>& of) {
    std::set<int> all;
    for (const auto& one : of)
      all.insert(one.pid);
    return all;
  }
};

TEST_F(Descendants, everything_below_the_main_process_belongs) {
  auto process = start({"/bin/sh", "-c", "sleep 1000 & echo $!; sleep 1000 & echo $!; wait"});
  const int first = std::atoi(test::read_line(process.out.get()).c_str());
  const int second = std::atoi(test::read_line(process.out.get()).c_str());
  EXPECT_EQ(pids(members(service(process.pid))), (std::set<int>{process.pid, first, second}));
}

TEST_F(Descendants, another_service_does_not_belong) {
  auto process = start({"/bin/sleep", "1000"});
  auto other = start({"/bin/sleep", "1000"}, "1.2/t/a/33");
  EXPECT_EQ(pids(members(service(process.pid))), (std::set<int>{process.pid}));
  auto without_strangers = service(process.pid);
  without_strangers.strangers = {other.pid};
  EXPECT_EQ(pids(members(without_strangers)), (std::set<int>{process.pid}));
}

TEST_F(Descendants, a_daemonised_process_is_found_by_its_marker) {
  spawned_process process;
  const int orphan = start_daemoniser(process);
  reap(process.pidfd.get()); // the main process has ended
  EXPECT_EQ(pids(members(service(process.pid))), (std::set<int>{orphan}));
}

TEST_F(Descendants, one_without_its_environment_is_found_while_its_ancestors_live) {
  // Between the two forks its parent lives: here the first process is one whose child left the session.
  auto process = start({"/bin/sh", "-c", "env -i setsid sh -c 'echo $$; exec sleep 1000' & wait"});
  const int child = std::atoi(test::read_line(process.out.get()).c_str());
  const auto found = pids(members(service(process.pid)));
  EXPECT_EQ(found.count(child), 1U);
}

TEST_F(Descendants, one_that_dropped_its_environment_is_found_by_its_limit) {
  spawned_process process;
  const int orphan = start_daemoniser(process, {"bare"});
  reap(process.pidfd.get());
  EXPECT_EQ(pids(members(service(process.pid))), (std::set<int>{orphan}));
  const std::vector<membership> all{service(process.pid)};
  EXPECT_EQ(members_of_each(all, {}), (std::vector<std::vector<int>>{{orphan}}));
}

/// Hands over to a new process all the time; what is exiting at the moment could be anybody's.
TEST_F(Descendants, what_is_about_to_end_makes_nobody_else_a_member) {
  auto chain = start({"/usr/bin/python3", "-S", "-E", "-c",
                      "import os, time\n"
                      "if os.fork() == 0:\n"
                      "  for _ in range(5000):\n"
                      "    if os.fork(): os._exit(0)\n"
                      "    os.setsid(); time.sleep(0.002)\n"
                      "print('started', flush=True); time.sleep(1000)"},
                     "1.2/t/chain/1");
  EXPECT_EQ(test::read_line(chain.out.get()), "started");
  auto process = start({"/bin/sleep", "1000"});
  for (int look = 0; look < 100; ++look) {
    for (const auto& one : members(service(process.pid)))
      ASSERT_TRUE(one.pid == process.pid || !one.is_sure) << "look " << look;
    reap_orphans();
  }
  const membership who{.keeper_pid = ::getpid(), .main_pid = chain.pid, .marker = "1.2/t/chain/1", .strangers = {}};
  while (!members(who).empty()) {
    (void)kill_members(who);
    reap_orphans();
  }
  EXPECT_EQ(pids(members(service(process.pid))), (std::set<int>{process.pid}));
}

TEST_F(Descendants, one_that_hands_over_all_the_time_is_never_missed_wherever_it_hangs) {
  auto chain = start({"/usr/bin/python3", "-S", "-E", "-c",
                      "import os, time\n"
                      "if os.fork(): os._exit(0)\n"
                      "for number in range(100000):\n"
                      "  os.setsid()\n"
                      "  if number == 0: print('started', flush=True)\n"
                      "  if os.fork(): os._exit(0)"},
                     "1.2/t/chain/1");
  EXPECT_EQ(test::read_line(chain.out.get()), "started");
  reap(chain.pidfd.get());
  const membership who{
      .keeper_pid = 0, .main_pid = chain.pid, .marker = "1.2/t/chain/1", .strangers = {}, .adrift = true};
  for (int look = 0; look < 100; ++look) {
    ASSERT_FALSE(members(who).empty()) << "look " << look;
    reap_orphans();
  }
  for (int looks = 0; looks < 3;) {
    looks = members(who).empty() ? looks + 1 : 0;
    (void)kill_members(who);
    reap_orphans();
  }
}

TEST_F(Descendants, what_dropped_everything_is_not_found) {
  spawned_process process;
  const int orphan = start_daemoniser(process, {"bare", "unmarked"});
  reap(process.pidfd.get());
  EXPECT_TRUE(members(service(process.pid)).empty());
  EXPECT_EQ(pids(tree_below(::getpid(), 0)), (std::set<int>{orphan}));
}

TEST_F(Descendants, an_orphan_in_the_session_of_the_main_process_belongs_after_that_has_ended) {
  auto process = start({"/bin/sh", "-c", "env -i sleep 1000 & echo $!"});
  const int orphan = std::atoi(test::read_line(process.out.get()).c_str());
  reap(process.pidfd.get());
  auto who = service(process.pid);
  who.marker.clear();
  EXPECT_EQ(pids(members(who)), (std::set<int>{orphan}));
}

TEST_F(Descendants, the_session_of_an_orphan_with_the_marker_belongs) {
  // The orphan's child dropped the environment, and is an orphan itself after that one's end.
  auto process =
      start({"/bin/sh", "-c",
             "setsid sh -c 'env -i sh -c \"sleep 1000 & exec sleep 1000\" & exec sleep 1000' & echo started"});
  EXPECT_EQ(test::read_line(process.out.get()), "started");
  reap(process.pidfd.get());
  const auto deadline = test::steady::now() + test::patience;
  while (members(service(process.pid)).size() < 3 && test::steady::now() < deadline) {
  }
  EXPECT_EQ(members(service(process.pid)).size(), 3U);
}

TEST_F(Descendants, orphans_are_noticed) {
  auto process = start({"/bin/sleep", "1000"});
  EXPECT_FALSE(has_orphans(::getpid(), mains));
  EXPECT_TRUE(has_orphans(::getpid(), {}));
  spawned_process daemoniser;
  ASSERT_GT(start_daemoniser(daemoniser), 0);
  reap(daemoniser.pidfd.get());
  EXPECT_TRUE(has_orphans(::getpid(), mains));
}

TEST_F(Descendants, zombies_are_no_members) {
  auto process = start({"/bin/true"});
  ASSERT_TRUE(test::readable(process.pidfd.get()));
  EXPECT_TRUE(members(service(process.pid)).empty());
}

TEST_F(Descendants, signals_reach_all_and_pass_over_the_dead) {
  auto process = start({"/bin/sh", "-c", "sleep 1000 & echo; wait"});
  (void)test::read_line(process.out.get());
  const auto all = members(service(process.pid));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(signal_members(all, 0), 2U);
  EXPECT_EQ(signal_members(all, SIGKILL), 2U);
  for (const auto& one : all)
    EXPECT_TRUE(test::readable(one.pidfd.get()));
  reap_all();
  EXPECT_EQ(signal_members(all, SIGKILL), 0U);
}

TEST_F(Descendants, kill_members_leaves_nobody_a_hundred_times) {
  for (int round = 0; round < 100; ++round) {
    spawned_process process;
    std::filesystem::remove(dir.path("pid"));
    const int orphan =
        start_daemoniser(process, round % 2 == 0 ? std::vector<std::string>{"stay"} : std::vector<std::string>{});
    ASSERT_GT(orphan, 0);
    const auto orphan_pidfd = open_pidfd(orphan);
    ASSERT_TRUE(orphan_pidfd.ok());
    auto tree = start({"/bin/sh", "-c", "trap '' TERM; (sleep 1000 & sleep 1000 & wait) & echo; wait"});
    (void)test::read_line(tree.out.get());
    const auto who = service(process.pid);
    int attempts = 0;
    for (; attempts < 1000 && !members(who).empty(); ++attempts) {
      (void)kill_members(who);
      reap_all();
    }
    ASSERT_LT(attempts, 1000);
    EXPECT_TRUE(test::readable(orphan_pidfd->get())) << "round " << round;
    const auto deadline = test::steady::now() + test::patience;
    while (!tree_below(::getpid(), 0).empty() && test::steady::now() < deadline)
      reap_all(); // one that was killed may take its time to be dead
    ASSERT_TRUE(tree_below(::getpid(), 0).empty()) << "round " << round;
  }
}

TEST_F(Descendants, kill_members_beats_a_process_that_keeps_forking) {
  auto process = start({"/bin/sh", "-c", "echo; while :; do (sleep 1000 &) ; done"});
  (void)test::read_line(process.out.get());
  const auto who = service(process.pid);
  const auto deadline = test::steady::now() + test::patience;
  while (!members(who).empty() && test::steady::now() < deadline) {
    (void)kill_members(who);
    reap_all();
  }
  EXPECT_TRUE(members(who).empty());
}

TEST_F(Descendants, a_spared_branch_stays) {
  auto spared = start({"/bin/sh", "-c", "sleep 1000 & echo; wait"});
  (void)test::read_line(spared.out.get());
  auto other = start({"/bin/sleep", "1000"});
  EXPECT_EQ(kill_tree_below(::getpid(), spared.pid), 1U);
  reap(other.pidfd.get());
  EXPECT_EQ(tree_below(::getpid(), 0).size(), 2U);
}

TEST_F(Descendants, one_walk_tells_the_members_of_several_services_apart) {
  auto tree = start({"/bin/sh", "-c", "sleep 1000 & echo $!; wait"}, "1.2/t/tree/1");
  auto plain = start({"/bin/sleep", "1000"}, "1.2/t/plain/1");
  spawned_process daemon;
  const int detached = start_daemoniser(daemon, {"stay"});
  const std::vector<membership> all{
      {.keeper_pid = ::getpid(), .main_pid = tree.pid, .marker = "1.2/t/tree/1", .strangers = {}},
      {.keeper_pid = ::getpid(), .main_pid = plain.pid, .marker = "1.2/t/plain/1", .strangers = {}},
      service(daemon.pid)};
  const auto deadline = test::steady::now() + test::patience;
  auto found = members_of_each(all, {});
  while ((found[0].size() < 2 || found[2].size() > 2) &&
         test::steady::now() < deadline) // the daemoniser's middle process
    found = members_of_each(all, {});
  EXPECT_EQ(found[0].size(), 2U);
  EXPECT_EQ(found[1], std::vector<int>{plain.pid});
  EXPECT_EQ((std::set<int>{found[2].begin(), found[2].end()}), (std::set<int>{daemon.pid, detached}));
  EXPECT_TRUE(members_of_each({}, {}).empty());
}

} // namespace
} // namespace alder::os
