#include "actors/office/trees.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/append.hpp"
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "actors/base/extensions.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/configuration.hpp"
#include "actors/tree/child_kind.hpp"

#include "runtime/os/files.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/event_sentence.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ended = policy::what_ended;

class Trees : public ::testing::Test {
protected:
  /// A daemon's trees, with what it shares; the next one reads what this one wrote.
  struct life {
    explicit life(const std::string& directory) : journal(loop, directory) {
      shared.timer_now = [] { return policy::time_point{30h}; };
    }
    boost::asio::io_context loop;
    fake_host os;
    runtime shared{os, {}, [] { return wall_time{24h}; }, {}, {}};
    extensions offered{nullptr};
    archive journal;
    known_trees trees{shared, journal, offered};
  };

  std::unique_ptr<life> begin(ended before = ended::daemon) {
    auto next = std::make_unique<life>(dir.path());
    complaints = next->journal.open("7.100");
    for (auto& complaint : next->trees.restore(before))
      complaints.push_back(std::move(complaint));
    return next;
  }
  static void add_shop(life& to, const std::string& children =
                                     "  - {service: web, command: /bin/web}\n  - {service: db, command: /bin/db}\n") {
    store::saved_tree source;
    source.name = "shop";
    source.file = "/shop.yaml";
    source.text = "name: shop\nchildren:\n" + children;
    auto loaded = read_configuration(source, text_is::given);
    ASSERT_TRUE(loaded.tree);
    to.trees.add({source, std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))});
  }
  static void remember(life& of, const std::string& child, const policy::child_memory& what) {
    auto& memory = of.shared.memories["shop/shop"_node];
    memory.generation = 3;
    memory.children[child] = what;
    of.shared.on_remembered("shop/shop"_node, {child});
  }

  test::temporary_directory dir;
  std::vector<std::string> complaints;
};

TEST_F(Trees, EachChildOfASupervisorIsRememberedThoughTheyChangeOneByOne) {
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 2, .attempts = 1});
    first->journal.write();
    remember(*first, "db", {.generation = 5, .ended = 4});
    first->journal.write();
  }
  const auto next = begin();
  EXPECT_TRUE(complaints.empty());
  auto& memory = next->shared.memories["shop/shop"_node];
  EXPECT_EQ(memory.generation, 3u);
  ASSERT_EQ(memory.children.size(), 2u);
  EXPECT_EQ(memory.children["web"], (policy::child_memory{.generation = 2, .ended = 2, .attempts = 1}));
  EXPECT_EQ(memory.children["db"], (policy::child_memory{.generation = 5, .ended = 4}));
}

TEST_F(Trees, AnEndAndWhatFollowsFromItAreWrittenTogether) {
  std::string whole;
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 1});
    first->journal.write();
    remember(*first, "web", {.generation = 3, .ended = 2});
    first->shared.memories["shop/shop"_node].restarts = {policy::time_point{25h}};
    first->journal.write();
    whole = *os::read_file(dir / "journal", 100'000);
  }
  // The last write is lost bit by bit: either both are known or none is.
  for (std::size_t size = whole.size(); size > whole.size() - 300; --size) {
    ASSERT_TRUE(os::write_file_atomically(dir / "journal", whole.substr(0, size)));
    const auto next = begin();
    auto& memory = next->shared.memories["shop/shop"_node];
    EXPECT_EQ(memory.children["web"].ended, memory.restarts.empty() ? 1u : 2u) << size;
  }
}

TEST_F(Trees, WhatALongGoneChildHadIsForgotten) {
  {
    auto first = begin();
    add_shop(*first);
    remember(*first, "web", {.generation = 2, .ended = 2});
    first->journal.write();
    first->shared.memories["shop/shop"_node].children.erase("web");
    first->shared.on_remembered("shop/shop"_node, {"web"});
    first->journal.write();
  }
  EXPECT_TRUE(begin()->shared.memories["shop/shop"_node].children.empty());
}

TEST_F(Trees, WhatWasUpIsRememberedUntilItIsStarted) {
  const std::vector<std::string> shop{"shop"};
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  EXPECT_EQ(begin(ended::keeper)->trees.interrupted(), shop);
  EXPECT_EQ(begin(ended::keeper)->trees.interrupted(), shop) << "also by the one after the next";
  {
    auto crashed = begin(); // nothing comes up because a daemon died
    EXPECT_EQ(crashed->trees.interrupted(), shop);
    EXPECT_TRUE(crashed->shared.nodes.find("shop", "shop")->settled);
    EXPECT_EQ(crashed->trees.take_interrupted(), shop);
    EXPECT_FALSE(crashed->shared.nodes.find("shop", "shop")->settled);
    EXPECT_TRUE(crashed->trees.interrupted().empty());
    crashed->journal.write();
  }
  EXPECT_TRUE(begin()->trees.interrupted().empty());
}

TEST_F(Trees, ARebootBringsUpWhatAnEarlierDaemonLeftDown) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  (void)begin(ended::keeper);
  const auto rebooted = begin(ended::reboot);
  EXPECT_FALSE(rebooted->shared.nodes.find("shop", "shop")->settled);
  EXPECT_TRUE(rebooted->trees.interrupted().empty());
}

TEST_F(Trees, WhatSomebodyStartsStopsOrTakesDownIsNotBroughtUpLater) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  {
    auto stopped = begin(ended::keeper);
    stopped->trees.forget_interrupted("shop");
    stopped->journal.write();
  }
  EXPECT_TRUE(begin(ended::keeper)->trees.interrupted().empty());
  {
    auto started = begin();
    started->shared.nodes.update("shop", "shop", [](node_snapshot& node) { node.settled = false; });
    started->journal.write();
  }
  {
    auto again = begin(ended::keeper);
    EXPECT_EQ(again->trees.interrupted().size(), 1u) << "it was up, and everything ended";
    again->shared.nodes.update("shop", "shop", [](node_snapshot& node) { node.settled = false; });
    EXPECT_TRUE(again->trees.interrupted().empty());
    again->trees.remove("shop");
    again->journal.write();
  }
  EXPECT_TRUE(begin(ended::keeper)->trees.interrupted().empty());
}

/// As its supervisor publishes it.
void enter(runtime& shared, const std::string& name, node_state state, const cause& why,
           std::optional<last_exit> exit = {}) {
  shared.nodes.update("shop", name, [](node_snapshot& node) { node.parent = node.name == "shop" ? "" : "shop"; });
  shared.nodes.update("shop", name, [&](node_snapshot& node) {
    node.state = state;
    node.since = shared.steady_now() - 5h;
    node.generation = 2;
    node.why = why;
    node.reason = wire::state_reason(state, name, why);
    node.former.reset();
    if (exit) node.last_exit = exit;
  });
}

const cause after_exit{cause::kind::own_exit, {}, "exited with code 1", {}};
const cause daemon_stops{cause::kind::tree_stop, {}, "the daemon is stopping", {}};

TEST_F(Trees, WhatIsBelowASupervisorThatGaveUpIsShownAsItWas) {
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::failed, after_exit); // not settled: with its supervisor it starts again
    first->journal.write();
  }
  const auto web = begin()->shared.nodes.find("shop", "web");
  EXPECT_EQ(web->state, node_state::failed);
  EXPECT_FALSE(web->settled);
  EXPECT_EQ(web->since, wall_time{19h});
  EXPECT_NE(web->reason, "");
}

TEST_F(Trees, WhyANodeIsWhatItIsIsKnownToTheNextDaemonAndTheOneAfterIt) {
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::running, after_exit);
    first->shared.nodes.update("shop", "web", [](node_snapshot& node) {
      node.health = "used much";
      node.complaints = {{"limits", "used much"}};
      node.status = "serving";
    });
    first->journal.write();
  }
  for (const auto* which : {"the next", "one after a daemon that died before it had taken anything over"}) {
    const auto next = begin();
    const auto web = next->shared.nodes.find("shop", "web");
    ASSERT_TRUE(web->former) << which;
    EXPECT_EQ(web->former->state, node_state::running) << which;
    EXPECT_EQ(web->former->why, after_exit) << which;
    EXPECT_EQ(web->former->since, wall_time{19h}) << which;
    EXPECT_EQ(web->former->generation, 2u) << which;
    EXPECT_EQ(web->health, "used much") << which;
    EXPECT_EQ(web->complaints.count("limits"), 1u) << which;
    EXPECT_EQ(web->status, "serving") << which;
    EXPECT_EQ(web->state, node_state::stopped) << "nobody has looked at it yet";
    next->shared.nodes.update("shop", "web", [](node_snapshot& node) { node.restarts += 1; }); // it is written anew
    next->journal.write();
  }
}

TEST_F(Trees, WhatWasDownBelowAStoppedSupervisorKeepsItsReason) {
  const cause on_request{cause::kind::request, {}, {}, {}};
  const cause with_back{cause::kind::tree_stop, "back", {}, {}};
  std::string reason;
  {
    auto first = begin();
    add_shop(*first, "  - {service: web, command: /bin/web}\n"
                     "  - {supervisor: back, children: [{service: db, command: /bin/db}]}\n");
    enter(first->shared, "web", node_state::running, {cause::kind::tree_start, "shop", {}, {}});
    enter(first->shared, "db", node_state::stopped, with_back);
    enter(first->shared, "back", node_state::stopped, on_request);
    enter(first->shared, "shop", node_state::running, on_request);
    first->shared.nodes.update("shop", "db", [](node_snapshot& node) { node.parent = "back"; });
    first->shared.nodes.update("shop", "back", [](node_snapshot& node) { node.settled = true; });
    reason = first->shared.nodes.find("shop", "db")->reason;
    first->journal.write();
  }
  const auto next = begin(ended::keeper);
  EXPECT_EQ(next->shared.nodes.find("shop", "db")->reason, reason);
  EXPECT_EQ(next->shared.nodes.find("shop", "db")->state, node_state::stopped);
  EXPECT_EQ(next->shared.nodes.find("shop", "web")->reason, "stopped because the machine or its keeper went down");
}

TEST_F(Trees, AfterAStopInOrderItIsKnownHowEachServiceEndedAndWhy) {
  const last_exit by_term{exit_status::signal(15), wall_time{19h}};
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::running, after_exit, last_exit{exit_status::code(1), wall_time{1h}});
    enter(first->shared, "db", node_state::running, {cause::kind::tree_start, "shop", {}, {}});
    enter(first->shared, "shop", node_state::running, {cause::kind::request, {}, {}, {}});
    first->trees.begin_shutdown();
    enter(first->shared, "db", node_state::stopped, daemon_stops, last_exit{exit_status::code(0), wall_time{19h}});
    enter(first->shared, "web", node_state::stopped, daemon_stops, by_term);
    enter(first->shared, "shop", node_state::stopped, daemon_stops);
    first->shared.nodes.update("shop", "shop", [](node_snapshot& node) { node.settled = true; });
    first->journal.end_operation(std::string{store::shutdown_key});
    first->journal.write();
  }
  for (int daemons = 0; daemons < 2; ++daemons) { // also when nothing was started by the one between
    const auto next = begin(ended::keeper);
    EXPECT_EQ(next->trees.interrupted().size(), 1u) << "it comes up again when somebody wants it";
    const auto web = next->shared.nodes.find("shop", "web");
    EXPECT_EQ(web->last_exit, by_term);
    EXPECT_EQ(web->state, node_state::stopped);
    EXPECT_EQ(web->reason, "stopped because the daemon was stopped");
    EXPECT_EQ(web->since, wall_time{19h});
    EXPECT_FALSE(web->settled);
    EXPECT_EQ(next->shared.nodes.find("shop", "db")->last_exit->status, exit_status::code(0));
    EXPECT_THAT(next->shared.nodes.find("shop", "shop")->reason,
                ::testing::StartsWith("stopped because the daemon was stopped; to start"));
  }
  const auto resurrected = begin(ended::reboot);
  EXPECT_TRUE(resurrected->trees.comes_back("shop"));
  EXPECT_EQ(resurrected->shared.nodes.find("shop", "web")->last_exit, by_term);
  EXPECT_FALSE(resurrected->shared.nodes.find("shop", "shop")->settled);
}

TEST_F(Trees, WhatRanWhenTheMachineWentDownEndedInAWayThatNobodyKnows) {
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::running, after_exit, last_exit{exit_status::code(1), wall_time{1h}});
    enter(first->shared, "db", node_state::backoff, after_exit, last_exit{exit_status::code(1), wall_time{1h}});
    first->shared.nodes.update("shop", "web", [](node_snapshot& node) { node.health = "used much"; });
    first->journal.write();
  }
  const auto next = begin(ended::keeper);
  const auto web = next->shared.nodes.find("shop", "web");
  EXPECT_EQ(web->last_exit, last_exit{}) << "not the one before";
  EXPECT_EQ(web->reason, "stopped because the machine or its keeper went down");
  EXPECT_EQ(web->since, wall_time{});
  EXPECT_EQ(web->health, "");
  EXPECT_EQ(next->shared.nodes.find("shop", "db")->last_exit->status, exit_status::code(1)) << "it had no process";
}

TEST_F(Trees, WhatWasDownWhenEverythingStoppedIsStillDownForItsOwnReason) {
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::stopped, {cause::kind::request, {}, {}, {}});
    first->shared.nodes.update("shop", "web", [](node_snapshot& node) { node.settled = true; });
    first->trees.begin_shutdown();
    first->shared.nodes.update("shop", "web", [](node_snapshot& node) { node.settled = false; });
    first->journal.write();
  }
  const auto next = begin(ended::reboot);
  EXPECT_TRUE(next->shared.nodes.find("shop", "web")->settled);
  EXPECT_EQ(next->shared.nodes.find("shop", "web")->reason, "stopped on request");
}

TEST_F(Trees, WhatWasDownBelowASupervisorThatWasStoppedKeepsItsReason) {
  for (const bool in_order : {true, false}) {
    {
      auto first = begin();
      add_shop(*first);
      enter(first->shared, "shop", node_state::running, {cause::kind::request, {}, {}, {}});
      enter(first->shared, "db", node_state::failed, {cause::kind::gave_up, "db", "more than 0 restarts", {}});
      enter(first->shared, "web", node_state::running, {cause::kind::tree_start, "shop", {}, {}});
      if (in_order) {
        first->trees.begin_shutdown();
        enter(first->shared, "db", node_state::stopped, daemon_stops); // nothing happens to it
        enter(first->shared, "web", node_state::failed, {cause::kind::start_unwound, "db", "was cut short", {}});
        enter(first->shared, "shop", node_state::failed, {cause::kind::failed_attempt, {}, "was cut short", {}});
        first->journal.end_operation(std::string{store::shutdown_key});
      }
      first->journal.write();
    }
    const auto next = begin(ended::keeper);
    const auto db = next->shared.nodes.find("shop", "db");
    EXPECT_EQ(db->state, node_state::failed) << in_order;
    EXPECT_THAT(db->reason, ::testing::HasSubstr("more than 0 restarts")) << in_order;
    const auto web = next->shared.nodes.find("shop", "web");
    EXPECT_EQ(web->state, node_state::stopped) << in_order;
    EXPECT_EQ(web->reason, in_order ? "stopped because the daemon was stopped"
                                    : "stopped because the machine or its keeper went down");
    next->trees.remove("shop");
    next->journal.write();
  }
}

TEST_F(Trees, WhatAnUnfinishedChangeWasToRemoveDoesNotComeBackAfterEverythingHasEnded) {
  {
    auto first = begin();
    add_shop(*first);
    auto changed = *first->trees.find("shop");
    const auto before = std::make_shared<const store::read_source>(changed.source);
    changed.source.text = "name: shop\nchildren:\n  - {service: web, command: /bin/web}\n";
    changed.source.grafts = {{"shop", "db", before}};
    first->journal.begin_operation(std::string{store::change_key} + "shop",
                                   store::change_value({{.stop_removed = true}, {"db"}}));
    first->trees.replace(std::move(changed));
    first->journal.write();
  }
  EXPECT_TRUE(begin()->shared.nodes.find("shop", "db")) << "the next daemon finishes it, and needs it for that";
  for (int daemons = 0; daemons < 2; ++daemons) {
    const auto next = begin(ended::keeper);
    EXPECT_FALSE(next->shared.nodes.find("shop", "db"));
    EXPECT_TRUE(next->shared.nodes.find("shop", "web"));
    EXPECT_TRUE(next->trees.find("shop")->source.grafts.empty());
    EXPECT_TRUE(next->journal.operations().empty());
  }
}

TEST_F(Trees, WhatAnUnfinishedChangeAddedAndDidNotStartStaysDown) {
  for (const auto what : {ended::daemon, ended::keeper, ended::reboot}) {
    {
      auto first = begin();
      add_shop(*first);
      enter(first->shared, "web", node_state::running, {cause::kind::request, {}, {}, {}});
      first->journal.begin_operation(std::string{store::change_key} + "shop",
                                     store::change_value({{}, {}, {}, {"db", "web", "unknown"}}));
    }
    const auto next = begin(what);
    const auto db = next->shared.nodes.find("shop", "db");
    EXPECT_EQ(db->state, node_state::stopped);
    EXPECT_TRUE(db->settled);
    EXPECT_FALSE(next->shared.nodes.find("shop", "web")->settled) << "of which it is known that it was started since";
    EXPECT_FALSE(next->shared.nodes.find("shop", "unknown"));
    next->trees.remove("shop");
    next->journal.end_operation(std::string{store::change_key} + "shop");
    next->journal.write();
  }
}

TEST_F(Trees, OfATreeThatIsDownTheNextDaemonKnowsSinceWhenAndWhy) {
  {
    auto first = begin();
    add_shop(*first);
    enter(first->shared, "web", node_state::stopped, {cause::kind::tree_stop, {}, {}, {}});
    first->shared.nodes.update("shop", "web", [](node_snapshot& node) { node.last_exit = last_exit{}; });
    first->journal.write();
  }
  const auto next = begin();
  EXPECT_EQ(next->shared.nodes.find("shop", "web")->reason, "stopped because its supervisor is stopping");
  EXPECT_EQ(next->shared.nodes.find("shop", "web")->since, wall_time{19h});
}

TEST_F(Trees, ASupervisorThatStartsInTheMiddleOfAChangeIsWhatItIsGoingToBe) {
  auto now = begin();
  add_shop(*now);
  EXPECT_EQ(now->shared.changing_to("shop", "shop"), nullptr);
  auto tree = *now->trees.find("shop");
  auto target = *tree.root;
  target.children.pop_back();
  target.children.emplace_back(std::make_shared<const supervisor_spec>(testing::tree("in", strategy::one_for_one, {})));
  tree.target = std::make_shared<const supervisor_spec>(target);
  now->trees.replace(std::move(tree));
  ASSERT_NE(now->shared.changing_to("shop", "in"), nullptr);
  EXPECT_EQ(now->shared.changing_to("shop", "in")->name, "in");
  EXPECT_EQ(now->shared.changing_to("shop", "shop")->children.size(), 2u);
  EXPECT_EQ(now->shared.changing_to("shop", "web"), nullptr) << "a service";
  EXPECT_EQ(now->shared.changing_to("shop", "no"), nullptr);
  EXPECT_EQ(now->shared.changing_to("mart", "in"), nullptr);
  now->trees.settle("shop");
  EXPECT_EQ(now->shared.changing_to("shop", "in"), nullptr) << "it is over";
}

TEST_F(Trees, AJournalWithAllChildrenInOneRecordIsTakenUp) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  {
    store::journal old{store::journal_file(dir / "journal")};
    ASSERT_TRUE(old.open().is_sound());
    old.set("memory/shop/shop", R"({"generation":3,"restarts":[],"children":[{"id":"web","generation":2,"ended":2},)"
                                R"({"id":"db","generation":5,"ended":4}]})");
    ASSERT_TRUE(old.write());
  }
  {
    auto next = begin();
    remember(*next, "web", {.generation = 3, .ended = 3}); // its record now holds web alone
    next->journal.write();
  }
  const auto last = begin();
  EXPECT_EQ(last->shared.memories["shop/shop"_node].children["web"].ended, 3u);
  EXPECT_EQ(last->shared.memories["shop/shop"_node].children["db"].ended, 4u);
}

TEST_F(Trees, AChildThatWentWithItsSupervisorDoesNotComeBackFromItsGraft) {
  const auto graft = [](const std::string& parent, const std::string& child) {
    const auto text = "name: more\nchildren:\n  - {service: " + child + ", command: /bin/x}\n";
    return store::saved_tree::graft{
        parent, child, std::make_shared<const store::read_source>(store::read_source{"/more.yaml", text, {}, {}, {}})};
  };
  {
    auto first = begin();
    add_shop(*first);
    auto known = *first->trees.find("shop");
    known.source.grafts = {graft("shop", "mailer"), graft("shop", "cleaner")};
    auto loaded = read_configuration(known.source, text_is::given);
    ASSERT_TRUE(loaded.tree);
    known.root = std::make_shared<const supervisor_spec>(std::move(loaded.tree->root));
    first->trees.replace(std::move(known));
    remember(*first, "mailer", {.generation = 2, .ended = 2, .attempts = 1});
    first->shared.nodes.update("shop", "mailer", [](node_snapshot& node) { node.restarts = 1; });
    first->journal.write();
    first->shared.nodes.remove_branch("shop", "mailer");
    first->shared.memories["shop/shop"_node].children.erase("mailer");
    first->shared.on_remembered("shop/shop"_node, {"mailer"});
    first->shared.on_forgotten("shop", "mailer");
    first->shared.on_forgotten("shop", "web"); // which is no graft
    first->journal.write();
  }
  const auto next = begin();
  const auto* shop = next->trees.find("shop");
  ASSERT_NE(shop, nullptr);
  ASSERT_EQ(shop->source.grafts.size(), 1u);
  EXPECT_EQ(shop->source.grafts[0].child, "cleaner");
  EXPECT_EQ(shop->root->children.size(), 3u);
  EXPECT_EQ(next->shared.nodes.find("shop", "mailer"), nullptr);
  EXPECT_EQ(next->shared.memories["shop/shop"_node].children.count("mailer"), 0u);
}

TEST_F(Trees, ChildrenThatComeAndGoByHandAreThereWhenSomebodyLooksAndForTheNextDaemon) {
  const auto children = [](const known_trees& of) {
    std::vector<std::string> names;
    for (const auto& child : of.find("shop")->root->children)
      names.push_back(name_of(child));
    return names;
  };
  const std::vector<std::string> expected{"db", "mailer", "cleaner"};
  {
    auto first = begin();
    add_shop(*first);
    store::read_source text{"/more.yaml", "children:\n", {}, {}, {}};
    for (const auto* name : {"mailer", "short", "cleaner"})
      text.text += "  - {service: " + std::string{name} + ", command: /bin/x}\n";
    const auto from = std::make_shared<const store::read_source>(text);
    for (const auto* name : {"mailer", "short", "cleaner"}) {
      const auto spec = std::make_shared<service_spec>();
      spec->name = name;
      first->trees.note_added("shop", {{"shop", name, from}, spec});
      if (spec->name == "short") first->trees.note_removed("shop", "short");
    }
    first->trees.note_removed("shop", "web");
    first->trees.note_removed("nowhere", "web");
    EXPECT_EQ(children(first->trees), expected);
    EXPECT_EQ(first->trees.trees().at("shop").source.removed, std::vector<std::string>{"web"});
    first->journal.write();
    EXPECT_EQ(children(begin()->trees), expected) << "from what came and went";
    first->trees.settle("shop");
    first->journal.write();
  }
  EXPECT_EQ(children(begin()->trees), expected) << "from the whole record";
}

TEST_F(Trees, WhileAChangeIsCarriedOutItsRootStartsAsItWillBe) {
  auto first = begin();
  add_shop(*first);
  auto known = *first->trees.find("shop");
  auto target = *known.root;
  target.children.pop_back();
  target.significant = true; // by which the kind shows which of both it has
  known.target = std::make_shared<const supervisor_spec>(target);
  first->trees.add(known);
  EXPECT_TRUE(first->trees.entry_of(*first->trees.find("shop")).kind->rules().significant);
  first->trees.settle("shop");
  EXPECT_FALSE(first->trees.entry_of(*first->trees.find("shop")).kind->rules().significant)
      << "what could not be removed is still there";
}

TEST_F(Trees, ATreeThatTheJournalHasLostIsMissedUntilItIsBackOrForgotten) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  const auto is_missed = [&] {
    return std::any_of(complaints.begin(), complaints.end(), [](const auto& one) {
      return one.find("tree shop was up but is missing") != std::string::npos &&
             one.find("alder up /shop.yaml") != std::string::npos;
    });
  };
  const auto whole = *os::read_file(dir / "journal", 100'000);
  for (const auto& bytes : {std::string{}, std::string(4096, '\0'), wire::journal_header(), whole.substr(0, 40)}) {
    ASSERT_TRUE(os::write_file_atomically(dir / "journal", bytes));
    {
      auto next = begin();
      EXPECT_TRUE(is_missed()) << bytes;
      EXPECT_EQ(next->journal.lost_trees(), (std::map<std::string, std::string>{{"shop", "/shop.yaml"}}));
      EXPECT_FALSE(next->journal.notices().empty());
    }
    (void)begin();
    EXPECT_TRUE(is_missed()) << "and by the one after it";
  }
  (void)os::remove_file(dir / "journal");
  {
    auto next = begin();
    EXPECT_TRUE(is_missed());
    EXPECT_NE(complaints.front().find("is missing"), std::string::npos);
    add_shop(*next);
    next->journal.write();
    EXPECT_TRUE(next->journal.lost_trees().empty());
  }
  auto last = begin();
  EXPECT_FALSE(is_missed());
  ASSERT_TRUE(os::write_file_atomically(dir / "journal", ""));
  last = begin();
  last->journal.forget_lost("shop");
  (void)begin();
  EXPECT_FALSE(is_missed());
}

TEST_F(Trees, ATreeThatWasTakenDownIsNotMissed) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
    first->trees.remove("shop");
    first->journal.write();
  }
  ASSERT_TRUE(os::write_file_atomically(dir / "journal", ""));
  EXPECT_TRUE(begin()->journal.lost_trees().empty());
}

TEST_F(Trees, WhatWasKeptIsToldOfUntilItIsRemoved) {
  {
    auto first = begin();
    add_shop(*first);
    first->journal.write();
  }
  ASSERT_TRUE(test::append(dir / "journal", "garbage\n"));
  auto next = begin();
  EXPECT_EQ(next->journal.notices().size(), 1U);
  EXPECT_NE(next->trees.find("shop"), nullptr) << "nothing is lost";
  next = begin();
  EXPECT_TRUE(complaints.empty());
  EXPECT_EQ(next->journal.notices().size(), 1U);
  ASSERT_TRUE(os::remove_file(dir / "journal.damaged"));
  EXPECT_TRUE(next->journal.notices().empty());
}

} // namespace
} // namespace alder::actors::testing
