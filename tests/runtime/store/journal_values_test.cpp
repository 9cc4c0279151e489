#include "runtime/store/journal_values.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

namespace alder::store {
namespace {

using namespace std::chrono_literals;
using policy::time_point;

both_clocks clocks() { return {time_point{1000s}, wall_time{1'700'000'000s}}; }

policy::supervision_memory some_memory() {
  policy::supervision_memory memory;
  memory.generation = 4;
  memory.restarts = {time_point{999s}, time_point{990s}};
  memory.children["db"] = {.generation = 3,
                           .ended = 3,
                           .attempts = 2,
                           .restarting = true,
                           .counted = true,
                           .due = time_point{1002500ms},
                           .pending = {cause::kind::own_exit, {}, "exited with code 1", {}}};
  memory.children["web"] = {
      .generation = 2, .ended = 1, .limits = {.unstable = 2, .hourly = {time_point{1100s}, time_point{900s}}}};
  memory.under_way = policy::unfinished_work{policy::unfinished_work::kind::restart,
                                             "db",
                                             true,
                                             {{"db", 3, {cause::kind::own_exit, {}, "x", {}}},
                                              {"web", 2, {cause::kind::sibling_exit, "db", "x", "one_for_all"}}}};
  return memory;
}

TEST(JournalValues, AMemoryIsReadAsItWasWritten) {
  const auto read = parse_memory_value(memory_value(some_memory(), {"db", "web"}, clocks()), clocks());
  ASSERT_TRUE(read) << read.failure().message;
  EXPECT_EQ(*read, some_memory());
}

TEST(JournalValues, AnEndAndAStartUnderWayAreReadAsTheyWereWritten) {
  using work = policy::unfinished_work;
  work end{.what = work::kind::end, .origin = "db"};
  end.why = {cause::kind::gave_up, "db", "more than 1 restart", {}};
  end.detail = "gave up: more than 1 restart";
  end.gave_up = true;
  work undo{.what = work::kind::undo, .origin = "db"};
  undo.why = {cause::kind::start_unwound, "db", "no such file", {}};
  undo.detail = "no such file";
  work begin{.what = work::kind::begin};
  begin.keep_going = true;
  const work start{.what = work::kind::start, .origin = "db", .automatic = false, .members = {{"db", 3, {}}}};
  for (const auto& one : {end, undo, begin, start}) {
    auto memory = some_memory();
    memory.under_way = one;
    const auto read = parse_memory_value(memory_value(memory, {"db", "web"}, clocks()), clocks());
    ASSERT_TRUE(read) << read.failure().message;
    EXPECT_EQ(*read, memory);
  }
}

/// As versions without these kinds wrote it.
TEST(JournalValues, WorkOfAnEarlierVersionIsRead) {
  const auto read = parse_memory_value(
      R"({"generation":4,"restarts":[],"children":[],"under_way":{"what":"stop","origin":"db","automatic":false,"members":[{"id":"db","generation":3,"cause":{"kind":"request"}}]}})",
      clocks());
  ASSERT_TRUE(read) << read.failure().message;
  ASSERT_TRUE(read->under_way);
  EXPECT_EQ(read->under_way->what, policy::unfinished_work::kind::stop);
  EXPECT_EQ(read->under_way->members.front().generation, 3u);
  EXPECT_FALSE(read->under_way->keep_going);
}

TEST(JournalValues, AnActIsReadAsItWasWritten) {
  using kind = act_under_way::kind;
  for (const auto what : {kind::start, kind::stop, kind::restart, kind::remove}) {
    const act_under_way act{"shop", "api:1", what, 4};
    EXPECT_EQ(parse_act_value(act_value(act)).value(), act);
  }
  const act_under_way marked{"shop", "web", kind::restart, 4, "stable", {"k-1", 77}};
  EXPECT_EQ(parse_act_value(act_value(marked)).value(), marked);
  EXPECT_FALSE(parse_act_value(R"({"tree":"shop","name":"web","what":"paint","seen":1})").ok());
  EXPECT_FALSE(parse_act_value("nonsense").ok());
}

TEST(JournalValues, AnAnswerIsReadAsItWasWritten) {
  const answered_request answer{{"k-1", 77}, "stop", "shop", "web", R"({"done":true,"ok":true})"};
  EXPECT_EQ(parse_answer_value(answer_value(answer)).value(), answer);
  EXPECT_FALSE(parse_answer_value("{}").ok());
}

TEST(JournalValues, ATreeThatIsTakenDownRemembersWhoAsked) {
  const request_mark asked{"k-1", 77};
  EXPECT_EQ(parse_down_value(down_value(asked)).value(), asked);
  EXPECT_EQ(parse_down_value("{}").value(), request_mark{}) << "of an earlier version";
  EXPECT_EQ(down_value({}), "{}");
}

TEST(JournalValues, AChangeThatWaitsIsReadAsItWasWritten) {
  const waiting_change scale{
      .tree = "shop", .service = "api", .instances = 3, .at_any_price = true, .asked = {"k-1", 77}};
  EXPECT_EQ(parse_wait_value(wait_value(scale)).value(), scale);
  const waiting_change apply{.tree = "shop",
                             .options = {true, true, true},
                             .pending = tree_value({{.file = "/shop.yaml", .text = "name: shop"}, "shop"})};
  EXPECT_EQ(parse_wait_value(wait_value(apply)).value(), apply);
  EXPECT_FALSE(parse_wait_value("{}").ok());
  EXPECT_FALSE(parse_wait_value("nonsense").ok());
}

TEST(JournalValues, AChangeIsReadAsItWasWritten) {
  const change_under_way change{
      {.start_added = true, .restart_changed = true}, {"web", "api:1"}, {{"db", 3}, {"mail", 0}}, {"old"}};
  EXPECT_EQ(parse_change_value(change_value(change)).value(), change);
  auto waits = change;
  waits.pending = tree_value({{.text = "name: shop"}, "shop"});
  waits.service = "api";
  waits.asked = {"k-1", 77};
  EXPECT_EQ(parse_change_value(change_value(waits)).value(), waits);
  EXPECT_TRUE(
      parse_change_value(R"({"start_added":true,"stop_removed":true,"restart_changed":true,"removed":[]})").ok())
      << "of an earlier version";
  EXPECT_FALSE(parse_change_value("{}").ok());
  EXPECT_FALSE(parse_change_value("nonsense").ok());
}

TEST(JournalValues, AMemoryHoldsTheChildrenThatAreWanted) {
  const auto read = parse_memory_value(memory_value(some_memory(), {"web", "gone"}, clocks()), clocks());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->children.size(), 1u);
  EXPECT_EQ(read->children.count("web"), 1u);
}

TEST(JournalValues, ThePastOfAChildIsReadAsItWasWritten) {
  const auto db = some_memory().children["db"];
  const auto read = parse_past_value(past_value({"shop/shop"_node, db}, clocks()), clocks());
  ASSERT_TRUE(read) << read.failure().message;
  EXPECT_EQ(read->supervisor, "shop/shop"_node);
  EXPECT_EQ(read->child, db);
  EXPECT_EQ(parse_past_value("{}", clocks()).failure().kind, error_kind::invalid_input);
  auto of_nobody = past_value({"shop/shop"_node, db}, clocks());
  of_nobody.replace(of_nobody.find("shop/shop"), 9, "shop-shop");
  EXPECT_EQ(parse_past_value(of_nobody, clocks()).failure().kind, error_kind::invalid_input);
}

TEST(JournalValues, TimesMeanTheSameOnAnotherMonotonicClock) {
  const both_clocks later{time_point{5s}, clocks().wall + 10s};
  auto read = parse_memory_value(memory_value(some_memory(), {"db", "web"}, clocks()), later);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->restarts[0], later.monotonic - 11s);
  EXPECT_EQ(read->children["db"].due, later.monotonic - 7500ms);
}

TEST(JournalValues, AClockThatWasSetBackPutsNothingOffForYears) {
  const both_clocks earlier{time_point{5s}, clocks().wall - std::chrono::hours{24 * 365}};
  auto read = parse_memory_value(memory_value(some_memory(), {"db", "web"}, clocks()), earlier);
  ASSERT_TRUE(read);
  EXPECT_LE(read->restarts[0], earlier.monotonic);
  EXPECT_LE(read->children["db"].due, earlier.monotonic + 24h);
}

TEST(JournalValues, UntilTheNextBootNobodyCanSetTheClock) {
  auto written = clocks();
  written.boot = "one";
  const auto memory = memory_value(some_memory(), {"db", "web"}, written);
  const auto past = past_value({"shop/shop"_node, some_memory().children["db"]}, written);
  for (const auto set : {std::chrono::hours{-24 * 365}, std::chrono::hours{5}}) {
    const both_clocks later{written.monotonic + 10s, written.wall + 10s + set, "one"};
    auto read = parse_memory_value(memory, later);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->restarts, some_memory().restarts);
    EXPECT_EQ(read->children["db"].due, some_memory().children["db"].due);
    EXPECT_EQ(parse_past_value(past, later)->child, some_memory().children["db"]);
  }
  const both_clocks booted{time_point{5s}, written.wall + 10s, "two"};
  EXPECT_EQ(parse_memory_value(memory, booted)->restarts[0], booted.monotonic - 11s);
}

TEST(JournalValues, ATreeAndANodeAreReadAsTheyWereWritten) {
  saved_tree tree;
  tree.name = "shop";
  tree.file = "/a.yaml";
  tree.text = "name: shop\n\t\x01";
  tree.environment = {{"A", "b"}};
  tree.files = {{"/env", "C=d"}};
  tree.up_since = clocks().wall;
  tree.instances = {{"api", 4}};
  tree.removed = {"old"};
  const auto from = std::make_shared<const read_source>(read_source{"/x.json", "{}", {{"A", "1"}}, {}, {{"w", 2}}});
  const auto other = std::make_shared<const read_source>(*from);
  tree.grafts = {{"shop", "mailer", from}, {"shop", "other", other}, {"mailer", "cleaner", from}};
  tree.revision = 7;
  tree.environment["BYTES"] = tree.environment["\xff"] = "\xfe\x80";
  tree.files["/\xff/x.env"] = "A=\xff\n";
  tree.left = {{"api", "shop", {"command"}, false, 3}, {"fresh", "shop", {}, true, 0}};
  const auto text = tree_value(tree);
  for (const char c : text)
    ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  const auto again = parse_tree_value(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text, tree.text);
  EXPECT_EQ(again->environment, tree.environment);
  EXPECT_EQ(again->files, tree.files);
  EXPECT_EQ(again->up_since, tree.up_since);
  EXPECT_EQ(again->instances, tree.instances);
  EXPECT_EQ(again->removed, tree.removed);
  EXPECT_EQ(again->left, tree.left);
  EXPECT_EQ(again->revision, 7U);
  ASSERT_EQ(again->grafts.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again->grafts[i].child, tree.grafts[i].child);
    EXPECT_EQ(again->grafts[i].parent, tree.grafts[i].parent);
    EXPECT_EQ(*again->grafts[i].from, *from);
  }
  EXPECT_EQ(again->grafts[0].from, again->grafts[2].from) << "what came together was written once";
  EXPECT_NE(again->grafts[0].from, again->grafts[1].from);

  node_snapshot node;
  node.restarts = 3;
  node.generation = 7;
  node.last_exit = last_exit{exit_status::signal(9), clocks().wall};
  auto read = parse_node_value(node_value(node));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->settled);
  EXPECT_EQ(read->generation, 7u);
  EXPECT_EQ(read->last_exit, node.last_exit);
  node.settled = true;
  node.state = node_state::failed;
  node.reason = "gave up";
  read = parse_node_value(node_value(node));
  ASSERT_TRUE(read && read->settled);
  EXPECT_EQ(read->state, node_state::failed);
  EXPECT_EQ(read->reason, "gave up");
}

node_snapshot running_node(wall_time since) {
  node_snapshot node;
  node.generation = 7;
  node.state = node_state::running;
  node.since = since;
  node.reason = "restarted because it exited with code 1";
  node.why = {cause::kind::own_exit, {}, "exited with code 1", {}};
  node.status = "serving";
  node.reloading = true;
  node.health = "used much";
  node.complaints = {{"limits", "used much"}};
  node.forced = forced_end{"sent no heartbeat", true};
  return node;
}

TEST(JournalValues, WhatANodeWasAndWhyIsThereForASuccessor) {
  const node_clock clock{"this boot", clocks().wall, milliseconds{0}};
  const auto node = running_node(clocks().wall + std::chrono::hours{1});
  const auto read = parse_node_value(node_value(node, clock), clock);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->settled);
  EXPECT_EQ(read->former, (former_state{node_state::running, node.since, node.reason, node.why, 7}));
  EXPECT_EQ(read->status, "serving");
  EXPECT_TRUE(read->reloading);
  EXPECT_EQ(read->health, "used much");
  EXPECT_EQ(read->complaints, node.complaints);
  EXPECT_EQ(read->forced, node.forced);
}

TEST(JournalValues, ANodeWhoseFormerStateIsNotTakenUpYetKeepsIt) {
  node_snapshot node; // as a new daemon has it, before its supervisor has started
  const auto was = running_node(clocks().wall);
  node.former = former_state{was.state, was.since, was.reason, was.why, was.generation};
  const auto read = parse_node_value(node_value(node));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->former, node.former);
  EXPECT_EQ(read->generation, 7u);
}

TEST(JournalValues, SinceWhenANodeIsWhatItIsDoesNotDependOnAClockThatWasSet) {
  const auto boot = clocks().wall;
  const auto hour = std::chrono::hours{1};
  const auto node = running_node(boot + hour);
  const auto text = node_value(node, {"this boot", boot, milliseconds{0}});
  const auto back = parse_node_value(text, {"this boot", boot - 24 * hour, milliseconds{0}}); // set by a day since
  ASSERT_TRUE(back && back->former);
  EXPECT_EQ(back->former->since, boot - 23 * hour) << "an hour after the boot";
  const auto later = parse_node_value(text, {"another boot", boot + 48 * hour, milliseconds{0}});
  ASSERT_TRUE(later && later->former);
  EXPECT_EQ(later->former->since, boot + hour) << "as people read it then";
  EXPECT_EQ(parse_node_value(R"({"restarts":1,"since":"x","boot":"b","since_boot_ms":"y","state":"stopped"})",
                             {"b", boot, milliseconds{0}})
                .failure()
                .kind,
            error_kind::invalid_input);
}

TEST(JournalValues, VersionsThatKnowNoMoreTakeARunningNodeForNoneThatIsDownForGood) {
  const auto text = node_value(running_node(clocks().wall));
  EXPECT_NE(text.find(R"("now":{)"), std::string::npos) << text;
  auto settled = running_node(clocks().wall);
  settled.settled = true;
  EXPECT_EQ(node_value(settled).find(R"("now")"), std::string::npos);
}

TEST(JournalValues, FieldsOfALaterVersionAreIgnoredAndWhatIsNoneIsRefused) {
  EXPECT_TRUE(parse_node_value(R"({"restarts":1,"colour":"red"})"));
  EXPECT_EQ(parse_node_value("{}").failure().kind, error_kind::invalid_input);
  EXPECT_EQ(parse_memory_value("[", clocks()).failure().kind, error_kind::invalid_input);
  EXPECT_EQ(parse_tree_value(R"({"name":7})").failure().kind, error_kind::invalid_input);
}

} // namespace
} // namespace alder::store
