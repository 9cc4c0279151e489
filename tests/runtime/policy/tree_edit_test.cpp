#include "runtime/policy/tree_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

namespace alder::policy {
namespace {

using kind = tree_change::kind;

std::shared_ptr<service_spec> service(const std::string& name, const std::string& command = "run") {
  auto spec = std::make_shared<service_spec>();
  spec->name = name;
  spec->command = {command};
  return spec;
}

supervisor_spec supervisor(const std::string& name, std::vector<child_spec> children) {
  supervisor_spec spec;
  spec.name = name;
  spec.children = std::move(children);
  return spec;
}

child_spec nested(const std::string& name, std::vector<child_spec> children, bool pool = false) {
  auto spec = supervisor(name, std::move(children));
  spec.pool = pool;
  return std::make_shared<const supervisor_spec>(std::move(spec));
}

/// The keys of each edit below that say so take effect at once.
takes_effect effect(std::string_view key);

std::vector<tree_change> difference(const supervisor_spec& before, const supervisor_spec& after) {
  return policy::difference(before, after, effect);
}

TEST(TreeEdit, AddsAndTakesAwayAnywhere) {
  const auto root = supervisor("shop", {service("db"), nested("back", {service("api")})});
  const auto more = with_children(root, {{"back", {service("new"), nested("more", {})}}, {"more", {service("below")}}});
  ASSERT_NE(find_child(more, "new"), nullptr);
  EXPECT_EQ(find_child(root, "new"), nullptr) << "the original is what it was";
  ASSERT_NE(find_child(more, "below"), nullptr) << "a supervisor that is added can have some, too";
  EXPECT_EQ(places_in(more).at("below").parent, "more");
  EXPECT_EQ(places_in(more).size(), 6U);
  const auto less = without(more, {"back", "db"});
  EXPECT_EQ(find_child(less, "api"), nullptr);
  EXPECT_TRUE(less.children.empty());
  EXPECT_EQ(find_child(without(more, {"below"}), "below"), nullptr);
  EXPECT_EQ(find_child(with_children(root, {{"nobody", {service("new")}}}), "new"), nullptr);
}

TEST(TreeEdit, VersionsOfATreeShareWhatIsEqual) {
  const auto before =
      supervisor("shop", {service("db"), service("web"), nested("back", {service("api"), service("old")})});
  const auto after = supervisor("shop", {service("web", "other"), service("db"),
                                         nested("back", {service("api"), service("new"), nested("old", {})})});
  const auto shared = sharing(before, after);
  const auto at = [](const supervisor_spec& tree, const std::string& name) {
    return std::get<service_ptr>(*find_child(tree, name));
  };
  EXPECT_EQ(at(shared, "db"), at(before, "db"));
  EXPECT_EQ(at(shared, "api"), at(before, "api"));
  EXPECT_EQ(at(shared, "web"), at(after, "web")) << "it differs";
  EXPECT_EQ(at(shared, "new"), at(after, "new"));
  EXPECT_EQ(places_in(shared).size(), 6U) << "a supervisor in place of a service is no service";
  EXPECT_TRUE(difference(after, shared).empty());
  EXPECT_EQ(difference(before, shared), difference(before, after));
}

TEST(Difference, OfEqualTreesIsNothing) {
  const auto root = supervisor("shop", {service("db"), nested("back", {service("api")})});
  EXPECT_TRUE(difference(root, root).empty());
}

TEST(Difference, NamesWhatCameWhatWentAndWhatChanged) {
  const auto before = supervisor("shop", {service("db"), service("old"), nested("back", {service("api")})});
  auto after = supervisor("shop", {service("db", "other"), nested("back", {service("api"), service("new")})});
  after.strategy = strategy::rest_for_one;
  EXPECT_EQ(difference(before, after), (std::vector<tree_change>{{kind::rules, "shop", {}, {"strategy"}, false},
                                                                 {kind::removed, "old", "shop", {}, false},
                                                                 {kind::changed, "db", "shop", {"command"}, true},
                                                                 {kind::added, "new", "back", {}, false}}));
}

TEST(Difference, HowAServiceIsLookedAfterCountsAtOnce) {
  auto changed = service("db");
  changed->restart = restart_kind::transient;
  changed->stop.signal = 2;
  EXPECT_EQ(difference(supervisor("shop", {service("db")}), supervisor("shop", {changed})),
            (std::vector<tree_change>{{kind::changed, "db", "shop", {"stop", "restart"}, false}}));
}

/// A change of one key, by its name, and whether what runs has to be restarted for it.
struct edit {
  const char* key;
  bool needs_restart;
  std::function<void(service_spec&)> apply;
};

const std::vector<edit>& every_edit() {
  static const std::vector<edit> all{
      {"command", true, [](auto& s) { s.command = {"other"}; }},
      {"cwd", true, [](auto& s) { s.cwd = "/tmp"; }},
      {"environment", true, [](auto& s) { s.environment["A"] = "b"; }},
      {"secrets", true, [](auto& s) { s.secrets["A"] = "/b"; }},
      {"stdin", true, [](auto& s) { s.stdin_pipe = true; }},
      {"pty", true, [](auto& s) { s.terminal = true; }},
      {"umask", true, [](auto& s) { s.umask = 022; }},
      {"user", true,
       [](auto& s) {
         s.attributes.who = identity{1, 1, {}, "daemon"};
       }},
      {"nice", true, [](auto& s) { s.attributes.nice = 3; }},
      {"ionice", true, [](auto& s) { s.attributes.io_priority = io_priority_of(2, 7); }},
      {"oom_score_adj", true, [](auto& s) { s.attributes.oom_score_adj = 5; }},
      {"rlimits", true,
       [](auto& s) {
         s.attributes.limits.push_back({7, 10, 10});
       }},
      {"cpus", true, [](auto& s) { s.attributes.cpus = {0}; }},
      {"no_new_privileges", true, [](auto& s) { s.attributes.no_new_privileges = true; }},
      {"private_tmp", true, [](auto& s) { s.attributes.private_tmp = true; }},
      {"read_only_paths", true, [](auto& s) { s.attributes.read_only_paths = {"/etc"}; }},
      {"cgroup", true, [](auto& s) { s.attributes.cgroup = cgroup_limits{}; }},
      {"ready", true, [](auto& s) { s.ready.check = ready_after{milliseconds{5}}; }},
      {"health", true,
       [](auto& s) {
         s.health = health_spec{ready_tcp{"127.0.0.1", 80}};
       }},
      {"heartbeat", true, [](auto& s) { s.heartbeat = heartbeat_spec{}; }},
      {"limits", true, [](auto& s) { s.limits.memory = 1; }},
      {"ipc", true, [](auto& s) { s.ipc = true; }},
      {"log", true, [](auto& s) { s.log.max_files = 3; }},
      {"stop", false, [](auto& s) { s.stop.signal = 2; }},
      {"restart", false, [](auto& s) { s.restart = restart_kind::transient; }},
      {"significant", false, [](auto& s) { s.significant = true; }},
      {"after", false, [](auto& s) { s.after = {"db"}; }},
      {"autostart", false, [](auto& s) { s.autostart = false; }},
      {"schedule", false, [](auto& s) { s.schedule.max_age = milliseconds{1000}; }},
      {"watch", false, [](auto& s) { s.watch.paths = {"/etc"}; }},
      {"hooks", true, [](auto& s) { s.hooks.before_start = {"true"}; }},
      {"task_timeout", true, [](auto& s) { s.task_timeout = milliseconds{9}; }},
      {"backoff", false, [](auto& s) { s.backoff.min = milliseconds{9}; }},
      {"restart_limit", false, [](auto& s) { s.restart_limit.hourly = 9; }},
      {"fatal_exit_codes", true, [](auto& s) { s.fatal_exit_codes = {9}; }},
      {"clean_exit_codes", true, [](auto& s) { s.clean_exit_codes = {9}; }},
      {"clean_signals", true, [](auto& s) { s.clean_signals = {9}; }},
  };
  return all;
}

takes_effect effect(std::string_view key) {
  for (const auto& one : every_edit())
    if (one.key == key && !one.needs_restart) return takes_effect::at_once;
  return takes_effect::next_start;
}

TEST(Difference, NoChangeIsLostBesideAnother) {
  for (const auto& one : every_edit()) {
    for (const auto& other : every_edit()) {
      auto changed = service("web");
      one.apply(*changed);
      other.apply(*changed);
      const auto found = difference(supervisor("shop", {service("web")}), supervisor("shop", {changed}));
      ASSERT_EQ(found.size(), 1U) << one.key << " and " << other.key;
      EXPECT_THAT(found[0].details, ::testing::Contains(one.key)) << "beside " << other.key;
      EXPECT_THAT(found[0].details, ::testing::Contains(other.key)) << "beside " << one.key;
      EXPECT_EQ(found[0].needs_restart, one.needs_restart || other.needs_restart) << one.key << " and " << other.key;
      EXPECT_THAT(found[0].details, ::testing::Not(::testing::Contains("settings")));
    }
  }
}

TEST(Difference, NamesTheVariablesThatDifferAndNotTheirValues) {
  const auto before = service("web");
  before->environment = {{"GONE", "1"}, {"PATH", "/bin"}, {"SAME", "x"}};
  const auto after = service("web");
  after->environment = {{"NEW", "secret"}, {"PATH", "/usr/bin"}, {"SAME", "x"}};
  const auto found = difference(supervisor("shop", {before}), supervisor("shop", {after}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].details, std::vector<std::string>{"environment"});
  EXPECT_EQ(found[0].variables, (std::vector<std::string>{"-GONE", "~PATH", "+NEW"}));
}

TEST(Difference, ANodeOfAnotherKindOrPlaceIsReplaced) {
  const auto before = supervisor("shop", {service("api"), nested("back", {service("db")})});
  const auto after = supervisor("shop", {nested("api", {service("api:0")}, /*pool=*/true), service("db")});
  const auto changes = difference(before, after);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0], (tree_change{kind::removed, "back", "shop", {}, false}));
  EXPECT_EQ(changes[1], (tree_change{kind::replaced, "api", "shop", {"kind"}, true}));
  EXPECT_EQ(changes[2], (tree_change{kind::replaced, "db", "shop", {"supervisor"}, true}));
}

TEST(Difference, AnotherOrderIsAChangeOfTheirSupervisor) {
  EXPECT_EQ(
      difference(supervisor("shop", {service("a"), service("b")}), supervisor("shop", {service("b"), service("a")})),
      (std::vector<tree_change>{{kind::order, "shop", {}, {}, false}}));
}

TEST(Difference, EachKindHasItsWord) {
  EXPECT_EQ(word(kind::added), "added");
  EXPECT_EQ(word(kind::order), "order");
}

} // namespace
} // namespace alder::policy
