#include "runtime/policy/adoption.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace alder::policy {
namespace {

using action = adoption::action;

TEST(Adoption, ARunningProcessIsTakenOverWhateverTheJournalSays) {
  for (const bool settled : {false, true}) {
    for (const bool restarting : {false, true}) {
      for (const generation known : {0U, 2U, 3U, 7U}) { // behind, level and ahead of the keeper
        const auto decided = adopt({known, known, settled, restarting}, {{3, true}});
        EXPECT_EQ(decided, (adoption{action::take_over, 3, {}}));
      }
    }
  }
}

TEST(Adoption, AnExitNobodyHasDecidedOnIsTakenOverAndCountsNow) {
  EXPECT_EQ(adopt({3, 2, false, false}, {{3, false}}), (adoption{action::take_over, 3, {}}));
  EXPECT_EQ(adopt({}, {{1, false}}), (adoption{action::take_over, 1, {}})); // no journal at all
}

TEST(Adoption, AnExitThatWasDecidedOnNeverCountsAgain) {
  EXPECT_EQ(adopt({3, 3, false, false}, {{3, false}}), (adoption{action::start, 3, {3}}));
  EXPECT_EQ(adopt({3, 3, false, true}, {{3, false}}), (adoption{action::wait, 3, {3}}));
  EXPECT_EQ(adopt({3, 3, true, false}, {{3, false}}), (adoption{action::stay_down, 3, {3}}));
}

TEST(Adoption, WhatWasStoppedForGoodStaysDown) {
  EXPECT_EQ(adopt({3, 2, true, false}, {{3, false}}), (adoption{action::stay_down, 3, {3}}));
  EXPECT_EQ(adopt({3, 3, true, false}, {}), (adoption{action::stay_down, 3, {}}));
}

/// Taken over in generation 3, which runs.
interrupted_child taken(const unfinished_work* work = nullptr) {
  interrupted_child child{.id = "web", .decided = {action::take_over, 3, {}}, .work = work};
  child.taken = 3;
  return child;
}
const cause by_sibling{cause::kind::sibling_exit, "db", {}, {}};
const cause asked{cause::kind::request, {}, {}, {}};

TEST(GoOnWith, AMemberOfItsGroupIsStoppedForTheReasonOfTheGroupUnlessItIsNewer) {
  const unfinished_work old{.origin = "db", .members = {{"db", 1, {}}, {"web", 3, by_sibling}}};
  EXPECT_EQ(go_on_with(taken(&old)), (continuation{.stop_why = by_sibling}));
  const unfinished_work done{.origin = "db", .members = {{"db", 1, {}}, {"web", 2, by_sibling}}};
  EXPECT_EQ(go_on_with(taken(&done)), continuation{});
  const unfinished_work others{.origin = "db", .members = {{"db", 1, {}}}};
  EXPECT_EQ(go_on_with(taken(&others)), continuation{});
}

TEST(GoOnWith, AStartThatIsCountedAndWasNotMadeCountsOnce) {
  const unfinished_work work{.origin = "web", .members = {{"web", 3, {}}}};
  interrupted_child child{.id = "web", .decided = {action::start, 3, {}}, .work = &work};
  child.counted = 4;
  EXPECT_EQ(go_on_with(child), (continuation{.is_counted = true}));
  child.counted = 3;
  EXPECT_EQ(go_on_with(child), continuation{});
  child.counted = 4;
  child.work = nullptr;
  EXPECT_EQ(go_on_with(child), continuation{});
}

TEST(GoOnWith, AStopThatAnotherSupervisorBeganOnRequestIsMade) {
  auto child = taken();
  child.former = former_state{node_state::stopping, {}, {}, asked, 3};
  EXPECT_EQ(go_on_with(child), (continuation{.stop_why = asked, .ends_for_another = true}));
  auto forced = child;
  forced.forced = true;
  EXPECT_EQ(go_on_with(forced), continuation{}) << "it is ended by itself";
  auto earlier = child;
  earlier.former->generation = 2;
  EXPECT_EQ(go_on_with(earlier), continuation{}) << "it was started since";
  auto crash = child;
  crash.former->why = by_sibling;
  EXPECT_EQ(go_on_with(crash), continuation{});
  auto gone = child;
  gone.taken.reset();
  EXPECT_EQ(go_on_with(gone), continuation{});
  const unfinished_work own{.what = unfinished_work::kind::stop, .origin = "web", .members = {{"web", 3, asked}}};
  child.work = &own;
  EXPECT_EQ(go_on_with(child), (continuation{.stop_why = asked})) << "by this supervisor, which finishes it";
}

TEST(GoOnWith, WhatIsOnlyToBeStoppedIsStoppedWithItsTree) {
  auto child = taken();
  child.only_running = true;
  child.former = former_state{node_state::stopping, {}, {}, asked, 3};
  EXPECT_EQ(go_on_with(child), (continuation{.stop_why = cause{cause::kind::tree_stop, {}, {}, {}}}));
}

TEST(Adoption, WithoutAProcessTheJournalDecides) {
  EXPECT_EQ(adopt({}, {}), (adoption{action::start, 0, {}}));
  EXPECT_EQ(adopt({4, 3, false, false}, {}), (adoption{action::start, 4, {}})); // its end was never seen
  EXPECT_EQ(adopt({4, 4, false, true}, {}), (adoption{action::wait, 4, {}}));
}

TEST(Adoption, OfTwoProcessesTheNewerIsTheService) {
  EXPECT_EQ(adopt({3, 3, false, false}, {{4, true}, {3, false}}), (adoption{action::take_over, 4, {3}}));
  EXPECT_EQ(adopt({3, 2, false, false}, {{3, true}, {4, true}}), (adoption{action::take_over, 4, {3}}));
  EXPECT_EQ(adopt({4, 3, false, false}, {{4, false}, {3, false}}), (adoption{action::take_over, 4, {3}}));
}

/// Every combination of what the journal can say and of up to two processes.
TEST(Adoption, NeverLosesAProcessAndNeverRunsTwo) {
  const std::vector<std::vector<held_process>> inventories{{},
                                                           {{1, true}},
                                                           {{1, false}},
                                                           {{2, true}},
                                                           {{2, false}},
                                                           {{1, true}, {2, true}},
                                                           {{1, true}, {2, false}},
                                                           {{1, false}, {2, true}},
                                                           {{1, false}, {2, false}}};
  for (generation known = 0; known <= 3; ++known) {
    for (generation ended = 0; ended <= known; ++ended) {
      for (unsigned flags = 0; flags < 4; ++flags) {
        for (const auto& held : inventories) {
          const remembered_child child{known, ended, (flags & 1U) != 0, (flags & 2U) != 0};
          const auto decided = adopt(child, held);
          const bool takes = decided.what == action::take_over;
          EXPECT_EQ(decided.stale.size() + (takes ? 1 : 0), held.size()); // each has its fate
          generation highest = known;
          for (const auto& one : held)
            highest = std::max(highest, one.generation);
          if (!takes) {
            EXPECT_EQ(decided.generation, highest); // a number is never used twice
          }
          if (takes) {
            EXPECT_EQ(decided.generation, held.back().generation);
          }
          if (!held.empty() && held.back().alive) {
            EXPECT_TRUE(takes);
          }
          if (decided.what == action::stay_down) {
            EXPECT_TRUE(child.settled);
          }
        }
      }
    }
  }
}

} // namespace
} // namespace alder::policy
