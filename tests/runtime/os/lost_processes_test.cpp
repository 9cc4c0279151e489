#include "runtime/os/lost_processes.hpp"

#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/wire/journal_record.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace alder::os {
namespace {

/// What a keeper and a daemon that were killed together leave in their directories, and processes.
class LostProcesses : public ::testing::Test {
protected:
  struct sleeper {
    explicit sleeper(const std::string& mark = {}) {
      auto started = spawn({.program = "/bin/sleep",
                            .start = {.command = {"sleep", "1000"},
                                      .environment = {{"ALDER_MEMBER", mark}},
                                      .cwd = "/",
                                      .stdin_file = {},
                                      .umask = {},
                                      .attributes = {}},
                            .where = spawn_request::output::null,
                            .file = -1,
                            .passed = -1,
                            .file_limit = {}});
      process = std::move(std::get<spawned_process>(started));
    }
    ~sleeper() {
      (void)signal_pidfd(process.held[holding::pidfd].get(), SIGKILL);
      reap(process.held[holding::pidfd].get());
    }
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
    spawned_process process;
  };

  void SetUp() override { ASSERT_TRUE(line_mark(dir / "keeper.mark", dir / "spare.mark", line)); }

  static wire::noted_process noted(const sleeper& of, const node_id& id) {
    return {.id = id, .generation = 3, .pid = of.process.pid, .start_ticks = read_stat(of.process.pid)->start_ticks};
  }
  void write_journal(const std::vector<wire::noted_process>& processes, const std::string& of_line) {
    auto text = wire::journal_header() + wire::journal_record("line", "\"" + of_line + "\"");
    for (const auto& process : processes)
      text += wire::journal_record("process/" + process.id.text(), wire::process_value(process));
    ASSERT_TRUE(write_file_atomically(dir / "journal", text));
  }
  void write_book(const std::vector<wire::noted_process>& processes) {
    auto book = start_book::open(start_book_in(dir.path()), line, /*is_new=*/true);
    ASSERT_TRUE(book);
    for (const auto& process : processes) {
      booked_start start;
      start.id = process.id;
      start.generation = process.generation;
      start.what = booked_start::state::running;
      start.pid = process.pid;
      start.start_ticks = process.start_ticks;
      book->enter(start);
    }
  }
  [[nodiscard]] std::size_t count() const { return count_lost_services(dir.path(), dir.path()); }

  test::temporary_directory dir;
  const std::string line = std::to_string(::getpid()) + ".77777";
};

TEST_F(LostProcesses, AreCountedByWhatWasWrittenDownThoughTheyOverwriteTheirEnvironment) {
  const sleeper noted_only;
  const sleeper booked_only;
  const sleeper both;
  const sleeper stranger;
  write_journal({noted(noted_only, "shop/web"_node), noted(both, "shop/db"_node)}, line);
  write_book({noted(booked_only, "shop/cache"_node), noted(both, "shop/db"_node)});
  EXPECT_EQ(count(), 3U);
}

TEST_F(LostProcesses, AreNotThoseThatEndedAndWhoeverHasTheirNumbersNow) {
  const sleeper one;
  auto gone = noted(one, "shop/web"_node);
  ++gone.start_ticks;
  write_journal({gone}, line);
  write_book({gone});
  EXPECT_EQ(count(), 0U);
}

TEST_F(LostProcesses, AreNoCommandsAboutServicesAndNoMembers) {
  const sleeper check{line + "/shop/web#ready/1"};
  const sleeper member{line + "/shop/web/1"}; // a session of its own, as daemons make
  const sleeper main{line + "/shop/web/1"};
  write_journal({}, line);
  write_book({noted(check, "shop/web#ready"_node), noted(main, "shop/web"_node)});
  EXPECT_EQ(count(), 1U);
}

TEST_F(LostProcesses, AreFoundByTheirMarkWhenTheBookIsLost) {
  const sleeper unwritten{line + "/shop/web/1"};
  const sleeper of_another{line + "7/shop/db/1"};
  const sleeper overwritten;
  write_journal({noted(overwritten, "shop/cache"_node)}, line);
  EXPECT_EQ(count(), 2U);
  const auto all = find_lost({}, start_book_in(dir.path()), line, wall_time{std::chrono::hours{1}});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.begin()->second.is_seen);
  EXPECT_EQ(all.begin()->first, (service_generation{"shop/web"_node, 1}));
}

TEST_F(LostProcesses, AJournalOfAnotherLineOrThatCannotBeReadSaysNothing) {
  const sleeper one;
  write_book({});
  write_journal({noted(one, "shop/web"_node)}, "1.2");
  EXPECT_EQ(count(), 0U);
  ASSERT_TRUE(write_file_atomically(dir / "journal", std::string(1000, 'x')));
  EXPECT_EQ(count(), 0U);
}

TEST_F(LostProcesses, WithoutTheMarkOfAKeeperThereAreNone) {
  const sleeper one{line + "/shop/web/3"};
  write_journal({noted(one, "shop/web"_node)}, line);
  EXPECT_EQ(count(), 1U);
  ASSERT_EQ(::unlink((dir / "keeper.mark").c_str()), 0); // everything was ended in order
  EXPECT_EQ(count(), 0U);
}

} // namespace
} // namespace alder::os
