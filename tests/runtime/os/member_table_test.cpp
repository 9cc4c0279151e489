#include "runtime/os/member_table.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/keeper_home.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace alder::os {
namespace {

/// The test itself is the subreaper its services hang below.
struct MemberTable : ::testing::Test {
  /// Of this process alone: tests run side by side.
  static inline const std::string line = std::to_string(::getpid()) + ".2";
  static inline const std::string marker = line + "/t/a/3";
  static inline const std::string chain_mark = line + "/t/chain/1";
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
    request.start.command = std::move(command);
    request.start.environment = {{"PATH", "/usr/bin:/bin"}, {"ALDER_MEMBER", member}};
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

  /// A table that knows this one service.
  static std::unique_ptr<member_table> table_of(int main_pid, const std::string& mark = marker) {
    auto table = std::make_unique<member_table>(::getpid(), line);
    table->add(mark, member_table::since::before);
    table->set_main(mark, main_pid);
    return table;
  }
  static std::set<int> members_now(int main_pid) { return pids(table_of(main_pid)->members(marker)); }

  /// Calls of read() by this process.
  static std::uint64_t reads_so_far() {
    std::ifstream file{"/proc/self/io"};
    std::string name;
    std::uint64_t count = 0;
    while (file >> name >> count)
      if (name == "syscr:") return count;
    return 0;
  }

  template <class Process> static std::set<int> pids(const std::vector<Process>& of) {
    std::set<int> all;
    for (const auto& one : of)
      all.insert(one.pid);
    return all;
  }
};

TEST_F(MemberTable, everything_below_the_main_process_belongs) {
  auto process = start({"/bin/sh", "-c", "sleep 1000 & echo $!; sleep 1000 & echo $!; wait"});
  const int first = std::atoi(test::read_line(process.held[holding::out].get()).c_str());
  const int second = std::atoi(test::read_line(process.held[holding::out].get()).c_str());
  EXPECT_EQ(members_now(process.pid), (std::set<int>{process.pid, first, second}));
}

TEST_F(MemberTable, another_service_does_not_belong) {
  auto process = start({"/bin/sleep", "1000"});
  auto other = start({"/bin/sleep", "1000"}, line + "/t/a/33");
  EXPECT_EQ(members_now(process.pid), (std::set<int>{process.pid}));
}

TEST_F(MemberTable, what_is_born_later_belongs) {
  auto process = start({"/bin/sleep", "1000"});
  const auto table = table_of(process.pid);
  EXPECT_EQ(pids(table->members(marker)), std::set<int>{process.pid});
  EXPECT_FALSE(table->has_others(marker));
  auto busy =
      start({"/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done; setsid sleep 1000 & echo $!; wait"},
            line + "/t/b/1"); // whose mark the table does not know
  const int stranger = std::atoi(test::read_line(busy.held[holding::out].get()).c_str());
  EXPECT_EQ(table->mark_of(stranger), "");
  table->add(line + "/t/b/1", member_table::since::before);
  EXPECT_EQ(table->mark_of(stranger), line + "/t/b/1");
  table->remove(line + "/t/b/1");
  EXPECT_EQ(table->mark_of(stranger), "");
}

TEST_F(MemberTable, a_child_of_a_later_main_process_belongs_whatever_it_dropped) {
  const auto table = table_of(0);
  auto process = start({"/bin/sh", "-c", "env -i setsid sh -c 'echo $$; exec sleep 1000' & wait"}, "none");
  table->set_main(marker, process.pid);
  const int child = std::atoi(test::read_line(process.held[holding::out].get()).c_str());
  EXPECT_EQ(table->mark_of(child), marker);
  EXPECT_TRUE(table->has_others(marker));
}

TEST_F(MemberTable, a_daemonised_process_is_found_by_its_marker) {
  spawned_process process;
  const int orphan = start_daemoniser(process);
  reap(process.held[holding::pidfd].get()); // the main process has ended
  EXPECT_EQ(members_now(process.pid), (std::set<int>{orphan}));
}

TEST_F(MemberTable, a_daemonised_process_is_found_among_the_newborn) {
  const auto table = table_of(0);
  EXPECT_TRUE(table->members(marker).empty());
  spawned_process process;
  const int orphan = start_daemoniser(process, {"bare"});
  reap(process.held[holding::pidfd].get());
  EXPECT_EQ(pids(table->members(marker)), (std::set<int>{orphan}));
}

TEST_F(MemberTable, one_that_dropped_its_environment_is_found_by_its_limit) {
  spawned_process process;
  const int orphan = start_daemoniser(process, {"bare"});
  reap(process.held[holding::pidfd].get());
  EXPECT_EQ(members_now(process.pid), (std::set<int>{orphan}));
}

/// Hands over to a new process all the time; what is exiting at the moment could be anybody's.
TEST_F(MemberTable, what_is_about_to_end_makes_nobody_else_a_member) {
  auto chain = start({"/usr/bin/python3", "-S", "-E", "-c",
                      "import os, time\n"
                      "if os.fork() == 0:\n"
                      "  for _ in range(5000):\n"
                      "    if os.fork(): os._exit(0)\n"
                      "    os.setsid(); time.sleep(0.002)\n"
                      "print('started', flush=True); time.sleep(1000)"},
                     chain_mark);
  EXPECT_EQ(test::read_line(chain.held[holding::out].get()), "started");
  auto process = start({"/bin/sleep", "1000"});
  const auto table = table_of(process.pid);
  for (int look = 0; look < 100; ++look) {
    for (const auto& one : table->members(marker))
      ASSERT_TRUE(one.pid == process.pid || !one.is_sure) << "look " << look;
    reap_orphans();
  }
  table->add(chain_mark, member_table::since::before);
  table->set_main(chain_mark, chain.pid);
  while (!table->members(chain_mark).empty()) {
    (void)table->kill(chain_mark);
    reap_orphans();
  }
  EXPECT_EQ(pids(table->members(marker)), (std::set<int>{process.pid}));
}

TEST_F(MemberTable, one_that_hands_over_all_the_time_is_never_missed_wherever_it_hangs) {
  auto chain = start({"/usr/bin/python3", "-S", "-E", "-c",
                      "import os, time\n"
                      "if os.fork(): os._exit(0)\n"
                      "for number in range(100000):\n"
                      "  os.setsid()\n"
                      "  if number == 0: print('started', flush=True)\n"
                      "  if os.fork(): os._exit(0)"},
                     chain_mark);
  EXPECT_EQ(test::read_line(chain.held[holding::out].get()), "started");
  reap(chain.held[holding::pidfd].get());
  member_table table{0, line}; // of a keeper that is none of their parents
  table.add(chain_mark, member_table::since::before);
  for (int look = 0; look < 100; ++look) {
    ASSERT_FALSE(table.members(chain_mark).empty()) << "look " << look;
    reap_orphans();
  }
  for (int looks = 0; looks < 3;) {
    looks = table.members(chain_mark).empty() ? looks + 1 : 0;
    (void)table.kill(chain_mark);
    reap_orphans();
  }
}

TEST_F(MemberTable, without_numbers_every_look_is_at_all) {
  number_source none;
  member_table table{::getpid(), line, births{none}};
  table.add(marker, member_table::since::now);
  EXPECT_TRUE(table.members(marker).empty());
  spawned_process process;
  const int orphan = start_daemoniser(process);
  reap(process.held[holding::pidfd].get());
  EXPECT_EQ(pids(table.members(marker)), (std::set<int>{orphan}));
}

TEST_F(MemberTable, what_dropped_everything_is_not_found) {
  spawned_process process;
  const int orphan = start_daemoniser(process, {"bare", "unmarked"});
  reap(process.held[holding::pidfd].get());
  EXPECT_TRUE(members_now(process.pid).empty());
  EXPECT_EQ(pids(tree_below(::getpid(), 0)), (std::set<int>{orphan}));
}

TEST_F(MemberTable, an_orphan_in_the_session_of_the_main_process_belongs_after_that_has_ended) {
  auto process = start({"/bin/sh", "-c", "env -i sleep 1000 & echo $!"}, "none");
  const int orphan = std::atoi(test::read_line(process.held[holding::out].get()).c_str());
  reap(process.held[holding::pidfd].get());
  EXPECT_EQ(members_now(process.pid), (std::set<int>{orphan}));
}

TEST_F(MemberTable, the_session_of_an_orphan_with_the_marker_belongs) {
  // The orphan's child dropped the environment, and is an orphan itself after that one's end.
  auto process =
      start({"/bin/sh", "-c",
             "setsid sh -c 'env -i sh -c \"sleep 1000 & exec sleep 1000\" & exec sleep 1000' & echo started"});
  EXPECT_EQ(test::read_line(process.held[holding::out].get()), "started");
  reap(process.held[holding::pidfd].get());
  const auto deadline = test::steady::now() + test::patience;
  while (members_now(process.pid).size() < 3 && test::steady::now() < deadline) {
  }
  EXPECT_EQ(members_now(process.pid).size(), 3U);
}

TEST_F(MemberTable, zombies_are_no_members) {
  auto process = start({"/bin/true"});
  ASSERT_TRUE(test::readable(process.held[holding::pidfd].get()));
  EXPECT_TRUE(members_now(process.pid).empty());
}

TEST_F(MemberTable, what_a_question_costs_does_not_depend_on_how_many_others_there_are) {
  const auto one = start({"/bin/sleep", "1000"});
  const auto table = table_of(one.pid);
  if (!births{}.is_told() || reads_so_far() == 0) GTEST_SKIP() << "the machine does not tell";
  const auto reads_of_a_question = [&] {
    auto least = UINT64_MAX; // others on the machine may start processes meanwhile
    for (int round = 0; round < 20; ++round) {
      const auto before = reads_so_far();
      EXPECT_EQ(pids(table->processes(marker)), std::set<int>{one.pid});
      least = std::min(least, reads_so_far() - before);
    }
    return least;
  };
  const auto alone = reads_of_a_question();
  for (int number = 0; number < 100; ++number) {
    const auto mark = line + "/t/other/" + std::to_string(number);
    table->add(mark, member_table::since::now);
    table->set_main(mark, start({"/bin/sleep", "1000"}, mark).pid);
  }
  EXPECT_LE(reads_of_a_question(), alone + 10);
}

TEST_F(MemberTable, kill_leaves_nobody_time_and_again) {
  for (int round = 0; round < 30; ++round) {
    spawned_process process;
    std::filesystem::remove(dir.path("pid"));
    const int orphan =
        start_daemoniser(process, round % 2 == 0 ? std::vector<std::string>{"stay"} : std::vector<std::string>{});
    ASSERT_GT(orphan, 0);
    const auto orphan_pidfd = open_pidfd(orphan);
    ASSERT_TRUE(orphan_pidfd.ok());
    auto tree = start({"/bin/sh", "-c", "trap '' TERM; (sleep 1000 & sleep 1000 & wait) & echo; wait"});
    (void)test::read_line(tree.held[holding::out].get());
    const auto table = table_of(process.pid);
    const auto killed_by = test::steady::now() + test::patience;
    while (!table->members(marker).empty() && test::steady::now() < killed_by) {
      (void)table->kill(marker);
      reap_all();
    }
    ASSERT_TRUE(table->members(marker).empty()) << "round " << round;
    EXPECT_TRUE(test::readable(orphan_pidfd->get())) << "round " << round;
    const auto deadline = test::steady::now() + test::patience;
    while (!tree_below(::getpid(), 0).empty() && test::steady::now() < deadline)
      reap_all(); // one that was killed may take its time to be dead
    ASSERT_TRUE(tree_below(::getpid(), 0).empty()) << "round " << round;
  }
}

TEST_F(MemberTable, kill_beats_a_process_that_keeps_forking) {
  auto process = start({"/bin/sh", "-c", "echo; while :; do (sleep 1000 &) ; done"});
  (void)test::read_line(process.held[holding::out].get());
  const auto table = table_of(process.pid);
  const auto deadline = test::steady::now() + test::patience;
  while (!table->members(marker).empty() && test::steady::now() < deadline) {
    (void)table->kill(marker);
    reap_all();
  }
  EXPECT_TRUE(table->members(marker).empty());
}

TEST_F(MemberTable, several_services_are_told_apart) {
  auto tree = start({"/bin/sh", "-c", "sleep 1000 & echo $!; wait"}, line + "/t/tree/1");
  auto plain = start({"/bin/sleep", "1000"}, line + "/t/plain/1");
  (void)test::read_line(tree.held[holding::out].get());
  spawned_process daemon;
  const int detached = start_daemoniser(daemon, {"stay"});
  const auto table = table_of(daemon.pid);
  for (const auto& [mark, pid] : {std::pair{line + "/t/tree/1", tree.pid}, std::pair{line + "/t/plain/1", plain.pid}}) {
    table->add(mark, member_table::since::before);
    table->set_main(mark, pid);
  }
  const auto deadline = test::steady::now() + test::patience;
  while (table->processes(marker).size() > 2 && test::steady::now() < deadline) { // the daemoniser's middle process
  }
  EXPECT_EQ(table->processes(line + "/t/tree/1").size(), 2U);
  EXPECT_EQ(pids(table->processes(line + "/t/plain/1")), std::set<int>{plain.pid});
  EXPECT_EQ(pids(table->members(marker)), (std::set<int>{daemon.pid, detached}));
}

} // namespace
} // namespace alder::os
