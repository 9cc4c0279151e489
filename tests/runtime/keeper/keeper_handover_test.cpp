#include "tests/support/keeper_bed.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/keeper/keeper.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace alder::test {
namespace {

using ::testing::HasSubstr;

class KeeperHandover : public ::testing::Test {
protected:
  listener attach(fake_daemon& daemon) { return listener{std::move(daemon.channel)}; }
  /// t/runs has said "before" and waits for a line; t/ended has ended with code 5, which nobody has acknowledged.
  int bring_up(listener& heard) {
    heard.client->ready();
    const auto fifo = bed.dir.path("fifo");
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    auto runs = shell("t/runs"_node, "echo before; read line < " + fifo + "; echo $line; exit 7", 4);
    runs.note = "3 waiting";
    heard.client->spawn(runs);
    heard.client->spawn(shell("t/ended"_node, "exit 5", 2));
    EXPECT_TRUE(heard.until_spawned(2));
    EXPECT_TRUE(heard.until_exits(1));
    for (const auto& one : heard.spawned)
      if (one.id == "t/runs"_node) return one.pid;
    return 0;
  }
  /// All that was there before is there again, and works.
  void expect_everything(listener& heard, int pid) {
    auto inventory = heard.client->take_inventory();
    ASSERT_EQ(inventory.size(), 2U);
    EXPECT_EQ(inventory[0].id, "t/ended"_node);
    EXPECT_EQ(inventory[0].exited, exit_status::code(5));
    auto& runs = inventory[1];
    EXPECT_EQ(runs.gen, 4U);
    EXPECT_EQ(runs.pid, pid);
    EXPECT_EQ(runs.note, "3 waiting");
    EXPECT_FALSE(runs.adrift);
    std::ofstream{bed.dir.path("fifo")} << "behind\n";
    EXPECT_EQ(read_all(runs.held[holding::out].get()), "before\nbehind\n");
    ASSERT_TRUE(heard.until_exits(1));
    EXPECT_EQ(heard.exits.front().status, exit_status::code(7));
  }
  keeper_bed bed;
};

TEST_F(KeeperHandover, replaces_itself_in_place_and_keeps_everything) {
  bed.start();
  auto first = bed.next_daemon();
  int pid = 0;
  {
    auto heard = attach(first);
    pid = bring_up(heard);
    const auto keeper = heard.client->keeper_pid();
    const auto mark = heard.client->member_marker("t/runs"_node, 4);
    heard.client->upgrade(bin("alder-keeper"), bin("fixture_keeper_daemon"));
    auto second = bed.next_daemon();
    auto after = attach(second);
    EXPECT_EQ(after.client->keeper_pid(), keeper);
    EXPECT_EQ(after.client->member_marker("t/runs"_node, 4), mark);
    EXPECT_EQ(after.client->epoch(), 2U);
    EXPECT_EQ(after.client->news(), wire::upgraded_news);
    after.client->ready();
    expect_everything(after, pid);
  }
}

TEST_F(KeeperHandover, goes_back_to_the_former_programs_when_the_new_daemon_ends_before_it_serves) {
  bed.start();
  auto first = bed.next_daemon();
  auto heard = attach(first);
  const int pid = bring_up(heard);
  heard.client->upgrade(bin("alder-keeper"), "/bin/false");
  auto second = bed.next_daemon();
  auto after = attach(second);
  EXPECT_THAT(after.client->news(), HasSubstr("the upgrade failed"));
  after.client->ready();
  expect_everything(after, pid);
}

TEST_F(KeeperHandover, stays_what_it_is_when_the_new_keeper_cannot_be_started) {
  bed.start();
  auto first = bed.next_daemon();
  auto heard = attach(first);
  const int pid = bring_up(heard);
  heard.client->upgrade(bed.dir.path("no-such-keeper"), bin("fixture_keeper_daemon"));
  auto second = bed.next_daemon();
  auto after = attach(second);
  EXPECT_THAT(after.client->news(), HasSubstr("the upgrade failed"));
  expect_everything(after, pid);
}

TEST_F(KeeperHandover, looks_after_a_process_that_a_daemon_has_found) {
  bed.start();
  auto first = bed.next_daemon();
  auto spawned = os::spawn({.program = "/bin/sleep",
                            .start = {.command = {"sleep", "1000"}, .cwd = "/"},
                            .where = os::spawn_request::output::null,
                            .file = -1,
                            .passed = -1,
                            .file_limit = {}});
  auto& found = std::get<os::spawned_process>(spawned);
  keeper::handed_child handed{{.id = "t/orphan"_node,
                               .generation = 3,
                               .pid = found.pid,
                               .note = "2",
                               .started_ms = 77,
                               .exited = {},
                               .held = {}},
                              &found.held};
  {
    auto heard = attach(first);
    heard.client->ready();
    ASSERT_TRUE(heard.client->hand_over(handed).ok());
    handed.what.note = "told twice";
    ASSERT_TRUE(heard.client->hand_over(handed).ok());
    const holdings nothing;
    keeper::handed_child gone{handed.what, &nothing};
    gone.what.id = "t/gone"_node;
    gone.what.exited = exit_status{};
    ASSERT_TRUE(heard.client->hand_over(gone).ok());
  }
  first.crash();
  auto second = bed.next_daemon();
  auto heard = attach(second);
  const auto inventory = heard.client->take_inventory();
  ASSERT_EQ(inventory.size(), 2U);
  EXPECT_EQ(inventory[0].exited, exit_status{});
  EXPECT_EQ(inventory[1].pid, found.pid);
  EXPECT_EQ(inventory[1].note, "2");
  EXPECT_TRUE(inventory[1].adrift);
  (void)os::signal_pidfd(found.held[holding::pidfd].get(), SIGTERM);
  EXPECT_TRUE(heard.until_exits(1)); // read from the zombie, which is ours
  EXPECT_EQ(heard.exits.front().status, exit_status::signal(SIGTERM));
  os::reap(found.held[holding::pidfd].get());
}

} // namespace
} // namespace alder::test
