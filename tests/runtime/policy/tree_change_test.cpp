#include "runtime/policy/tree_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::policy {
namespace {

using kind = tree_change::kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

service_ptr service(const std::string& name, const std::string& command = "run") {
  auto spec = std::make_shared<service_spec>();
  spec->name = name;
  spec->command = {command};
  return spec;
}

supervisor_spec supervisor(const std::string& name, std::vector<child_spec> children, bool pool = false) {
  supervisor_spec spec;
  spec.name = name;
  spec.pool = pool;
  spec.children = std::move(children);
  return spec;
}

child_spec nested(const std::string& name, std::vector<child_spec> children, bool pool = false) {
  return std::make_shared<const supervisor_spec>(supervisor(name, std::move(children), pool));
}

takes_effect effect(std::string_view key) {
  return key == "stop" || key == "restart" || key == "backoff" || key == "after" ? takes_effect::at_once
                                                                                 : takes_effect::next_start;
}

/// A step as a word.
std::string said(const change_step& step) {
  struct sayer {
    std::string operator()(const remove_node& s) const { return (s.is_replaced ? "replace " : "remove ") + s.name; }
    std::string operator()(const upgrade_supervisor& s) const { return "upgrade " + s.to->name; }
    std::string operator()(const add_instance& s) const { return "add " + name_of(s.instance) + " to " + s.pool; }
    std::string operator()(const start_node& s) const { return (s.stays_down ? "let wait " : "start ") + s.name; }
    std::string operator()(const restart_node& s) const {
      return "restart " + s.name + (s.pool.empty() ? "" : " of " + s.pool);
    }
  };
  return std::visit(sayer{}, step);
}

std::vector<std::string> said(const change_plan& plan) {
  std::vector<std::string> all;
  for (const auto& step : plan.steps)
    all.push_back(said(step));
  return all;
}

class TreeChange : public ::testing::Test {
protected:
  void is(const std::string& name, node_state state, generation gen = 1, bool settled = false,
          service_ptr spec = nullptr) {
    auto made = std::make_shared<node_snapshot>();
    made->name = name;
    made->state = state;
    made->generation = gen;
    made->settled = settled;
    made->reason = "it is so";
    made->service = std::move(spec);
    nodes_[name] = std::move(made);
  }
  /// All of it runs.
  void runs(const supervisor_spec& root) {
    is(root.name, node_state::running);
    for (const auto& [name, place] : places_in(root))
      is(name, node_state::running);
  }
  [[nodiscard]] std::vector<tree_change> found(const supervisor_spec& before, const supervisor_spec& after) const {
    return outstanding(after, difference(before, after, effect), left, node,
                       [this](const std::string& name) { return old_secrets_of == name; });
  }
  [[nodiscard]] change_plan plan(const supervisor_spec& before, const supervisor_spec& after,
                                 change_options options = {}) const {
    return plan_change(before, after, found(before, after), options, node);
  }

  std::vector<left_change> left;
  std::string old_secrets_of;
  const node_lookup node = [this](const std::string& name) {
    const auto known = nodes_.find(name);
    return known == nodes_.end() ? nullptr : known->second;
  };

private:
  std::map<std::string, std::shared_ptr<const node_snapshot>> nodes_;
};

constexpr change_options all_of_it{.start_added = true, .stop_removed = true, .restart_changed = true};
const supervisor_spec shop = supervisor("shop", {service("web"), nested("back", {service("db")})});

TEST_F(TreeChange, NothingIsOutstandingWhenAllIsAsItWas) {
  runs(shop);
  EXPECT_THAT(found(shop, shop), IsEmpty());
  const auto none = plan(shop, shop, all_of_it);
  EXPECT_FALSE(none.has_effect);
  EXPECT_THAT(said(none), ElementsAre("upgrade shop", "upgrade back"));
}

TEST_F(TreeChange, WhatHasFailedIsNotWhatTheConfigurationSays) {
  runs(shop);
  is("db", node_state::failed, 1, /*settled=*/true);
  is("web", node_state::stopped, 1, /*settled=*/true); // by hand: it stays so
  EXPECT_THAT(found(shop, shop), ElementsAre(tree_change{kind::failed, "db", "back", {"it is so"}, false}));
  EXPECT_THAT(said(plan(shop, shop)), ElementsAre("upgrade shop", "upgrade back"));
  EXPECT_FALSE(plan(shop, shop).has_effect);
  EXPECT_THAT(said(plan(shop, shop, {.restart_changed = true})),
              ElementsAre("upgrade shop", "upgrade back", "start db"));
  is("shop", node_state::failed, 1, /*settled=*/true);
  EXPECT_EQ(found(shop, shop).front().name, "shop");
}

TEST_F(TreeChange, SecretsThatWereReplacedSinceTheStartAreAChange) {
  runs(shop);
  old_secrets_of = "web";
  EXPECT_THAT(found(shop, shop), ElementsAre(tree_change{kind::changed, "web", "shop", {"secrets"}, true}));
  EXPECT_THAT(said(plan(shop, shop, all_of_it)), ElementsAre("upgrade shop", "upgrade back", "restart web"));
  auto other = supervisor("shop", {service("web", "other"), nested("back", {service("db")})});
  EXPECT_THAT(found(shop, other), ElementsAre(tree_change{kind::changed, "web", "shop", {"command", "secrets"}, true}));
  is("web", node_state::stopped, 1, /*settled=*/true);
  EXPECT_THAT(found(shop, shop), IsEmpty()) << "its next start reads them anyway";
}

TEST_F(TreeChange, WithoutAnyOptionNothingIsStartedStoppedOrRestarted) {
  runs(shop);
  const auto after = supervisor("shop", {service("web", "other"), service("new"), nested("more", {service("far")})});
  const auto found_plan = plan(shop, after);
  EXPECT_THAT(said(found_plan), ElementsAre("upgrade shop"));
  EXPECT_TRUE(found_plan.has_effect);
  EXPECT_THAT(found_plan.removed, IsEmpty());
  ASSERT_EQ(found_plan.kept.size(), 1U);
  EXPECT_EQ(name_of(found_plan.kept.at("shop").front()), "back") << "it runs on, with all below it";
  EXPECT_THAT(found_plan.left,
              ElementsAre(left_change{"web", "shop", {"command"}, false, 1}, left_change{"new", "shop", {}, true, 0},
                          left_change{"more", "shop", {}, true, 0}));
}

TEST_F(TreeChange, WithAllOfThemTheTreeIsWhatTheNewVersionSays) {
  const auto before =
      supervisor("shop", {service("web"), service("old"), service("older"), nested("back", {service("db")})});
  const auto after = supervisor("shop", {service("web", "other"), nested("back", {service("db"), service("cache")})});
  runs(before);
  const auto all = plan(before, after, all_of_it);
  EXPECT_THAT(said(all),
              ElementsAre("remove older", "remove old", "upgrade shop", "upgrade back", "restart web", "start cache"));
  EXPECT_THAT(all.removed, ElementsAre("older", "old"));
  ASSERT_EQ(all.kept.at("shop").size(), 2U) << "until they are removed they are there";
  EXPECT_EQ(name_of(all.kept.at("shop").front()), "old");
  EXPECT_THAT(all.left,
              ElementsAre(left_change{"web", "shop", {"command"}, false, 1}, left_change{"cache", "back", {}, true, 0}))
      << "a successor that finds the change cut short takes these up";
}

TEST_F(TreeChange, WhatBecomesSomethingElseIsReplacedOrEverythingRefused) {
  runs(shop);
  const auto after = supervisor(
      "shop", {nested("web", {service("web:0"), service("web:1")}, /*pool=*/true), nested("back", {service("db")})});
  for (const auto options : {change_options{}, change_options{.start_added = true, .stop_removed = true}}) {
    const auto refused = plan(shop, after, options);
    EXPECT_EQ(refused.refused, "web");
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(refused.left, IsEmpty());
  }
  for (const auto options : {change_options{.replace = true}, all_of_it}) {
    const auto replaced = plan(shop, after, options);
    EXPECT_THAT(said(replaced), ElementsAre("replace web", "upgrade shop", "upgrade back", "start web"));
    EXPECT_THAT(replaced.removed, IsEmpty()) << "it is there at the end";
    EXPECT_THAT(replaced.kept, IsEmpty());
    EXPECT_THAT(replaced.left,
                ElementsAre(left_change{"web", "shop", {"kind"}, true, 1}, left_change{"web", "shop", {}, true, 0}))
        << "a successor may find the old one or none";
  }
}

TEST_F(TreeChange, WhatBecomesOfAnotherKindAndIsThereTurns) {
  const auto before = supervisor("shop", {service("web"), service("moves"), nested("back", {service("db")}),
                                          nested("pool", {service("pool:0")}, /*pool=*/true), service("down")});
  const auto after = supervisor("shop", {nested("web", {service("web:0")}, /*pool=*/true), service("back"),
                                         nested("pool", {service("moves")}), nested("down", {})});
  runs(before);
  is("down", node_state::stopped, 1, /*settled=*/true);
  is("back", node_state::stopping);
  const auto changes = found(before, after);
  EXPECT_THAT(turning(before, after, changes, all_of_it, node), ElementsAre("back", "web"))
      << "in the order in which they stop; 'moves' stays a service, 'pool' a supervisor, and 'down' runs nothing";
  EXPECT_THAT(turning(before, after, changes, {}, node), IsEmpty()) << "nothing is replaced";
  is("web", node_state::stopped, 1, /*settled=*/true);
  EXPECT_THAT(turning(before, after, changes, all_of_it, node), ElementsAre("back"));
}

TEST_F(TreeChange, WhatWasUpWhenTheChangeBeganIsStartedAsWhatItHasBecome) {
  const auto before = supervisor("shop", {service("web"), service("down")});
  const auto after = supervisor("shop", {nested("web", {service("web:0")}, /*pool=*/true), nested("down", {})});
  runs(before);
  is("web", node_state::stopped, 1, /*settled=*/true); // by the change itself
  is("down", node_state::stopped, 1, /*settled=*/true);
  auto changes = found(before, after);
  make_due({{"web", 1}, {"gone", 1}}, changes);
  EXPECT_THAT(said(plan_change(before, after, changes, all_of_it, node)),
              ElementsAre("replace down", "replace web", "upgrade shop", "start web"));
}

TEST_F(TreeChange, WhatIsReplacedStaysAsItWas) {
  const auto before = supervisor("shop", {service("stopped"), service("done"), service("broken"), nested("back", {})});
  const auto after = supervisor("shop", {nested("back", {service("stopped"), service("done"), service("broken")})});
  runs(before);
  is("stopped", node_state::stopped, 1, /*settled=*/true);
  is("done", node_state::finished, 1, /*settled=*/true);
  is("broken", node_state::failed, 1, /*settled=*/true);
  const auto all = plan(before, after, all_of_it);
  EXPECT_THAT(said(all), ElementsAre("replace broken", "replace done", "replace stopped", "upgrade shop",
                                     "upgrade back", "start broken"));
  EXPECT_THAT(all.left, ElementsAre(left_change{"broken", "back", {"supervisor"}, true, 1},
                                    left_change{"broken", "back", {}, true, 0}));
  EXPECT_THAT(all.down, ElementsAre("stopped", "done")) << "a successor may find no trace of them";
}

TEST_F(TreeChange, WhatIsAddedAndNotStartedIsNotedAsDown) {
  const auto after = supervisor("shop", {service("web"), nested("back", {service("db"), service("mail")})});
  runs(shop);
  EXPECT_THAT(plan(shop, after).down, ElementsAre("mail"));
  EXPECT_THAT(plan(shop, after, {.start_added = true}).down, IsEmpty());
}

TEST_F(TreeChange, AnInstanceComesWithItsStart) {
  const auto before = supervisor("shop", {nested("web", {service("web:0")}, /*pool=*/true)});
  const auto after = supervisor("shop", {nested("web", {service("web:0"), service("web:1")}, /*pool=*/true)});
  runs(before);
  EXPECT_THAT(said(plan(before, after, {.start_added = true})),
              ElementsAre("upgrade shop", "upgrade web", "add web:1 to web"));
  EXPECT_THAT(said(plan(before, after)), ElementsAre("upgrade shop", "upgrade web"));
}

TEST_F(TreeChange, InstancesAreRestartedAsAPool) {
  const auto before = supervisor("shop", {nested("web", {service("web:0"), service("web:1")}, /*pool=*/true)});
  const auto after =
      supervisor("shop", {nested("web", {service("web:0", "other"), service("web:1", "other")}, /*pool=*/true)});
  runs(before);
  EXPECT_THAT(said(plan(before, after, {.restart_changed = true})),
              ElementsAre("upgrade shop", "upgrade web", "restart web:0 of web", "restart web:1 of web"));
}

TEST_F(TreeChange, WhatWaitsForItsTimeOrForSomebodyIsNotStarted) {
  auto nightly = std::make_shared<service_spec>(*service("nightly"));
  nightly->task = true;
  nightly->schedule.cron = cron_expression{};
  auto on_request = std::make_shared<service_spec>(*service("repair"));
  on_request->autostart = false;
  runs(shop);
  const auto after = supervisor(
      "shop", {service("web"), nested("back", {service("db")}), service_ptr{nightly}, service_ptr{on_request}});
  EXPECT_THAT(said(plan(shop, after, all_of_it)),
              ElementsAre("upgrade shop", "upgrade back", "let wait nightly", "let wait repair"));
  EXPECT_THAT(plan(shop, after, all_of_it).left, IsEmpty()) << "nothing is left to do";
  const auto promised = found(shop, after);
  ASSERT_EQ(promised.size(), 2U);
  EXPECT_EQ(consequence_of(promised[0], all_of_it, node), consequence::at_its_time);
  EXPECT_EQ(consequence_of(promised[0], {}, node), consequence::not_started);
  is("nightly", node_state::failed, 1, /*settled=*/true, nightly);
  EXPECT_EQ(consequence_of({kind::failed, "nightly", "shop"}, all_of_it, node), consequence::left_failed)
      << "a run that failed is repeated when it is time again";
}

TEST_F(TreeChange, WhatIsBelowASupervisorThatIsDownComesWithIt) {
  runs(shop);
  is("back", node_state::stopped, 1, /*settled=*/true);
  is("db", node_state::stopped, 1, /*settled=*/true);
  const auto after = supervisor("shop", {service("web"), nested("back", {service("db", "other"), service("new")})});
  const auto all = plan(shop, after, all_of_it);
  EXPECT_THAT(said(all), ElementsAre("upgrade shop", "upgrade back"));
  EXPECT_TRUE(all.has_effect);
  EXPECT_THAT(all.left, ElementsAre(left_change{"new", "back", {}, true, 0})) << "db has nothing that runs";
}

TEST_F(TreeChange, WhatAnEarlierChangeLeftIsTakenUp) {
  runs(shop);
  const auto after = supervisor("shop", {service("web"), service("new"), nested("back", {service("db")})});
  left = {{"web", "shop", {"command"}, false, 1}, {"new", "shop", {}, true, 0}};
  EXPECT_THAT(found(after, after), ElementsAre(tree_change{kind::changed, "web", "shop", {"command"}, true},
                                               tree_change{kind::added, "new", "shop", {}, false}));
  EXPECT_THAT(said(plan(after, after, all_of_it)),
              ElementsAre("upgrade shop", "upgrade back", "restart web", "start new"));
  is("web", node_state::running, 2);
  is("new", node_state::running, 1);
  EXPECT_THAT(found(after, after), IsEmpty()) << "both have been started since";
  left = {{"gone", "shop", {}, true, 0}};
  EXPECT_THAT(found(after, after), IsEmpty());
}

TEST_F(TreeChange, WhatWasLeftAndChangesAgainIsOneChange) {
  runs(shop);
  left = {{"web", "shop", {"command"}, false, 1}};
  auto looked_after = std::make_shared<service_spec>(*service("web"));
  looked_after->stop.signal = 2;
  const auto after = supervisor("shop", {service_ptr{looked_after}, nested("back", {service("db")})});
  EXPECT_THAT(found(shop, after), ElementsAre(tree_change{kind::changed, "web", "shop", {"stop", "command"}, true}));
  const auto added = supervisor("shop", {service("web", "other"), nested("back", {service("db")})});
  left = {{"web", "shop", {}, true, 0}};
  is("web", node_state::stopped, 0);
  EXPECT_EQ(found(shop, added).front().what, kind::added) << "nobody has seen it otherwise";
}

TEST_F(TreeChange, EachDifferenceBecomesOneThing) {
  runs(shop);
  const auto becomes = [&](const tree_change& change, change_options options = {}) {
    return consequence_of(change, options, node);
  };
  const tree_change added{kind::added, "new", "back"};
  const tree_change changed{kind::changed, "web", "shop", {"command"}, true};
  const tree_change at_once{kind::changed, "web", "shop", {"stop"}, false};
  const tree_change replaced{kind::replaced, "web", "shop", {"kind"}, true};
  const tree_change removed{kind::removed, "web", "shop"};
  EXPECT_EQ(becomes(added), consequence::not_started);
  EXPECT_EQ(becomes(added, {.start_added = true}), consequence::start);
  EXPECT_EQ(becomes(at_once, all_of_it), consequence::at_once);
  EXPECT_EQ(becomes(changed), consequence::next_start);
  EXPECT_EQ(becomes(changed, {.restart_changed = true}), consequence::restart);
  EXPECT_EQ(becomes(removed), consequence::left_running);
  EXPECT_EQ(becomes(removed, {.stop_removed = true}), consequence::stop);
  EXPECT_EQ(becomes(replaced), consequence::refuse);
  EXPECT_EQ(becomes(replaced, {.restart_changed = true}), consequence::replace);
  EXPECT_EQ(becomes(replaced, {.replace = true}), consequence::replace);
  EXPECT_EQ(becomes({kind::rules, "shop"}, all_of_it), consequence::at_once);
  EXPECT_EQ(becomes({kind::order, "shop"}, all_of_it), consequence::at_once);
  EXPECT_EQ(becomes({kind::scaled, "web"}, all_of_it), consequence::left_scaled);
  EXPECT_EQ(becomes({kind::failed, "web", "shop"}), consequence::left_failed);
  EXPECT_EQ(becomes({kind::failed, "web", "shop"}, {.restart_changed = true}), consequence::start);
  is("web", node_state::stopped, 1, /*settled=*/true);
  is("back", node_state::stopped, 1, /*settled=*/true);
  EXPECT_EQ(becomes(changed, {.restart_changed = true}), consequence::when_started) << "it is stopped, and stays so";
  EXPECT_EQ(becomes(changed), consequence::when_started) << "no option would restart it";
  EXPECT_EQ(becomes(added, {.start_added = true}), consequence::with_supervisor);
}

// -- nodes that a former daemon was replacing

TEST_F(TreeChange, WhatWasToBeReplacedAndStillRunsAsItWasIsRestarted) {
  const auto after = supervisor("shop", {nested("a", {}), nested("b", {service("web")})});
  runs(after);
  std::vector<tree_change> changes;
  add_replaced({{"web", 1}}, after, node, changes);
  for (const auto& options : {change_options{}, all_of_it}) { // whatever else is asked for
    const auto plan = plan_change(after, after, changes, options, node);
    EXPECT_THAT(said(plan), ElementsAre("upgrade shop", "upgrade a", "upgrade b", "restart web"));
    EXPECT_THAT(plan.replaced, ElementsAre(replaced_node{"web", 1}));
  }
}

TEST_F(TreeChange, WhatWasToBeReplacedAndIsDownIsStarted) {
  const auto after = supervisor("shop", {nested("a", {}), nested("b", {service("web")})});
  for (const auto& [state, generation] : {std::pair{node_state::stopping, 1u},
                                          {node_state::stopped, 1u},
                                          {node_state::finished, 1u},
                                          {node_state::stopped, 0u}}) {
    runs(after);
    is("web", state, generation, /*settled=*/true);
    std::vector<tree_change> changes;
    add_replaced({{"web", 1}}, after, node, changes);
    EXPECT_THAT(said(plan_change(after, after, changes, {}, node)),
                ElementsAre("upgrade shop", "upgrade a", "upgrade b", "start web"));
  }
}

TEST_F(TreeChange, WhatWasReplacedAndStartedAgainIsDone) {
  const auto after = supervisor("shop", {nested("b", {service("web"), service("mail")})});
  runs(after);
  is("web", node_state::failed, 2);
  std::vector<tree_change> changes;
  add_replaced({{"web", 1}, {"mail", 0}, {"gone", 1}}, after, node, changes);
  EXPECT_THAT(changes, IsEmpty());
}

TEST_F(TreeChange, WhatIsToBeReplacedIsWrittenDown) {
  const auto before = supervisor("shop", {nested("a", {service("web"), service("old")}), nested("b", {})});
  const auto after = supervisor("shop", {nested("a", {}), nested("b", {service("web"), service("old")})});
  runs(before);
  is("web", node_state::running, 4);
  is("old", node_state::failed, 3, /*settled=*/true);
  const auto plan = plan_change(before, after, found(before, after), all_of_it, node);
  EXPECT_THAT(plan.replaced, ElementsAre(replaced_node{"web", 4}, replaced_node{"old", 0}));
}

} // namespace
} // namespace alder::policy
