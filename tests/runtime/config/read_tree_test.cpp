#include "runtime/config/read_tree.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

TEST(ReadTree, GivesSupervisorsTheDocumentedDefaults) {
  const auto root = tree_of("children: [{supervisor: s, children: []}]");
  const auto s = supervisor_at(root, 0);
  EXPECT_EQ(s.strategy, strategy::one_for_one);
  EXPECT_EQ(s.intensity, default_intensity);
  EXPECT_EQ(s.restart, restart_kind::permanent);
  EXPECT_EQ(s.auto_shutdown, auto_shutdown::never);
  EXPECT_FALSE(s.significant);
  EXPECT_FALSE(s.pool);
}

TEST(ReadTree, DoesNotHandDownIntensityAndStrategy) {
  const auto root =
      tree_of("strategy: one_for_all\nintensity: {max_restarts: 9}\nchildren: [{supervisor: s, children: []}]");
  EXPECT_EQ(supervisor_at(root, 0).strategy, strategy::one_for_one);
  EXPECT_EQ(supervisor_at(root, 0).intensity, default_intensity);
}

TEST(ReadTree, KeepsTheOrderOfChildren) {
  const auto root =
      tree_of("children: [{service: z, command: x}, {supervisor: m, children: []}, {service: a, command: x}]");
  EXPECT_EQ(service_at(root, 0).name, "z");
  EXPECT_EQ(supervisor_at(root, 1).name, "m");
  EXPECT_EQ(service_at(root, 2).name, "a");
}

TEST(ReadTree, ReadsSignificantChildren) {
  const auto root = tree_of(
      "auto_shutdown: all_significant\nchildren: [{service: a, command: x, restart: never, significant: true}]");
  EXPECT_EQ(root.auto_shutdown, auto_shutdown::all_significant);
  EXPECT_TRUE(service_at(root, 0).significant);
}

TEST(ReadTree, RefusesSignificantWhereItCanNeverCount) {
  EXPECT_EQ(places(load("children: [{service: a, command: x, restart: never, significant: true}]")),
            (words{"E021 1:66"}));
  EXPECT_EQ(places(load("auto_shutdown: any_significant\nchildren: [{service: a, command: x, significant: true}]")),
            (words{"E021 2:50"}));
  EXPECT_EQ(places(load("children: [{supervisor: a, children: [], significant: true}]")),
            (words{"E021 1:55", "E021 1:55"}));
}

TEST(ReadTree, RefusesTheSameNameAnywhereInTheTree) {
  const auto l = load("children:\n- {service: a, command: x}\n- supervisor: s\n  children: [{service: a, command: x}]");
  ASSERT_EQ(places(l), (words{"E017 4:24"}));
  EXPECT_EQ(l.diagnostics[0].help[0], "the first is at alder.yaml:2:13");
}

TEST(ReadTree, RefusesAServiceNamedLikeTheTree) {
  EXPECT_EQ(places(load("name: a\nchildren: [{service: a, command: x}]")), (words{"E017 2:22"}));
  const auto l = load("children: [{service: shop, command: x}]");
  ASSERT_EQ(places(l), (words{"E017 1:22"}));
  EXPECT_NE(l.diagnostics[0].help[0].find("'name:'"), std::string::npos);
}

TEST(ReadTree, RefusesNamesWithOtherCharacters) {
  for (const auto& name : words{"'a:b'", "a/b", "'a b'", "''", ".a", "-a", "ä", std::string(65, 'a')})
    EXPECT_EQ(places(load("children: [{service: " + name + ", command: x}]")), (words{"E016 1:22"})) << name;
  for (const auto& name : words{"a", "0", "_x", "A.b-c_9", std::string(64, 'a')})
    EXPECT_TRUE(load("children: [{service: " + name + ", command: x}]").tree) << name;
}

TEST(ReadTree, RefusesAChildThatIsBothOrNeither) {
  EXPECT_EQ(places(load("children: [{service: a, supervisor: b, children: []}]")), (words{"E010 1:13", "E018 1:25"}));
  EXPECT_EQ(places(load("children: [{command: x}]")), (words{"E015 1:13"}));
  EXPECT_EQ(places(load("children: [{}]")), (words{"E015 1:12", "E015 1:12"}));
  EXPECT_EQ(places(load("children: [a]")), (words{"E011 1:12"}));
}

TEST(ReadTree, TakesAMisspelledKindForWhatItMeans) {
  const auto l = load("children: [{servce: a, command: x}]");
  ASSERT_EQ(places(l), (words{"E010 1:13"}));
  EXPECT_EQ(l.diagnostics[0].help[0], "did you mean 'service'?");
}

TEST(ReadTree, WantsChildren) {
  EXPECT_EQ(places(load("name: a")), (words{"E015 0:0"}));
  EXPECT_EQ(places(load("children: [{supervisor: s}]")), (words{"E015 1:25"}));
  EXPECT_EQ(places(load("children:")), (words{"E011 1:1"}));
}

TEST(ReadTree, WarnsOfSupervisorsThatSwallowEscalation) {
  EXPECT_EQ(places(load("children: [{supervisor: s, children: [], restart: transient}]")), (words{"W001 1:51"}));
  EXPECT_EQ(places(load("children: [{supervisor: s, children: [], restart: never}]")), (words{"W001 1:51"}));
  EXPECT_EQ(places(load("children: [{supervisor: s, children: [], restart: permanent}]")), (words{}));
}

TEST(ReadTree, WarnsOfPermanentSupervisorsThatShutDown) {
  EXPECT_EQ(places(load("children: [{supervisor: s, children: [], auto_shutdown: any_significant}]")),
            (words{"W002 1:57"}));
  EXPECT_EQ(
      places(load("children: [{supervisor: s, children: [], auto_shutdown: any_significant, restart: transient}]")),
      (words{}));
}

TEST(ReadTree, FindsMistakesInWhatIsHandedDownToNobody) {
  EXPECT_EQ(places(load("env: {A: '${NOPE}'}\nchildren: []")), (words{"E030 1:11"}));
  EXPECT_EQ(places(load("cwd: '${NOPE}'\nchildren: []")), (words{"E030 1:7"}));
}

TEST(ReadTree, RefusesAMaximumBelowTheMinimum) {
  EXPECT_EQ(places(load("backoff: {min: 2s, max: 1s}\nchildren: []")), (words{"E021 1:25"}));
}

} // namespace
} // namespace alder::config
