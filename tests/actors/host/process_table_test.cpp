#include "actors/host/process_table.hpp"

#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace alder::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

unique_fd some() { return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

class ProcessTable : public ::testing::Test {
protected:
  held_process& run(const process_id& id, int pid) {
    auto& one = table.enter(id);
    one.pid = pid;
    one.alive = true;
    table.note_generation(id);
    return one;
  }
  void end(const process_id& id) {
    table.find(id)->alive = false;
    table.find(id)->exited = exit_status::code(1);
  }

  process_table table;
  const process_id first{"shop/web"_node, 1};
  const process_id second{"shop/web"_node, 2};
};

TEST_F(ProcessTable, FindsTheProcessesOfANodeOldestFirst) {
  run(second, 12);
  run(first, 11).alive = false;
  run({"shop/web2"_node, 1}, 13);
  EXPECT_THAT(table.of("shop/web"_node), ElementsAre(first, second));
  EXPECT_EQ(table.running_of("shop/web"_node)->pid, 12);
  EXPECT_EQ(table.running_of("shop/db"_node), nullptr);
}

TEST_F(ProcessTable, LeavesBehindWhatRanAndIsWanted) {
  run(first, 11).unwanted = true;
  run(second, 12).note = {3};
  table.enter({"shop/web"_node, 3}); // about to start
  const auto left = table.left_behind("shop/web"_node);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].generation, 2u);
  EXPECT_EQ(left[0].note.restarts, 3u);
}

TEST_F(ProcessTable, RemembersTheHighestGenerationOfProcessesThatAreGone) {
  run(second, 12);
  (void)table.retire(second);
  run(first, 11);
  EXPECT_EQ(table.last_generation("shop/web"_node), 2u);
  EXPECT_EQ(table.last_generation("shop/db"_node), 0u);
  EXPECT_TRUE(table.has_run("shop/web"_node));
}

TEST_F(ProcessTable, AProcessThatNeverRanLeavesNothingToSettle) {
  table.enter(first);
  EXPECT_FALSE(table.retire(first));
  EXPECT_FALSE(table.retire(second));
  EXPECT_THAT(table.everything(), IsEmpty());
}

TEST_F(ProcessTable, AnExitIsSettledWhenItIsDrainedAndWrittenDown) {
  run(first, 11);
  end(first);
  bool is_written = false;
  const auto may_forget = [&](const process_id&) { return is_written; };
  EXPECT_TRUE(table.retire(first));
  is_written = true;
  EXPECT_THAT(table.take_settled(may_forget, 10), IsEmpty()) << "its output is not written yet";
  table.note_drained(first);
  is_written = false;
  EXPECT_THAT(table.take_settled(may_forget, 10), IsEmpty());
  is_written = true;
  EXPECT_THAT(table.take_settled(may_forget, 10), ElementsAre(first));
  EXPECT_THAT(table.take_settled(may_forget, 10), IsEmpty()) << "once";
}

TEST_F(ProcessTable, ForgetsWhatCannotBeWrittenDownRatherThanKeepMoreThanTheKeeperBears) {
  for (const auto& id : {first, second}) {
    run(id, 11);
    end(id);
    (void)table.retire(id);
    table.note_drained(id);
  }
  const auto never = [](const process_id&) { return false; };
  EXPECT_THAT(table.take_settled(never, 2), IsEmpty());
  EXPECT_THAT(table.take_settled(never, 1), ElementsAre(first));
}

TEST_F(ProcessTable, TellsANewKeeperOfAllThatRunsAndOfExitsThatAreNotSettled) {
  auto& runs = run(second, 12);
  runs.kept.put(holding::pidfd, some());
  runs.kept.put(holding::out, some());
  runs.note = {4, wire::process_note::phase::waiting, {}};
  auto& ended = run(first, 11);
  ended.kept.put(holding::pidfd, some());
  ended.kept.put(holding::out, some());
  end(first);
  (void)table.retire(first);
  table.enter({"shop/db"_node, 1}); // about to start: the keeper is asked for it anew
  const auto all = table.everything();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].what.pid, 12);
  EXPECT_EQ(all[0].what.note, "4 waiting");
  EXPECT_THAT(all[0].held->names(), ElementsAre("pidfd", "out"));
  EXPECT_EQ(all[1].what.exited, exit_status::code(1));
  EXPECT_THAT(all[1].held->names(), ElementsAre("out")) << "there is nothing left to watch";
}

TEST_F(ProcessTable, NamesThoseThatNobodyHasTakenOver) {
  run(first, 11);
  const auto left = table.unclaimed();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].pid, 11);
  EXPECT_TRUE(left[0].alive);
}

} // namespace
} // namespace alder::actors
