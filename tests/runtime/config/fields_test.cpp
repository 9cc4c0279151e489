#include "runtime/config/fields.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <algorithm>

namespace alder::config {
namespace {

using words = std::vector<std::string>;

TEST(Fields, SuggestTheNearestKey) {
  const auto l = load_service("command: x, comand: y");
  ASSERT_EQ(places(l), (words{"E010 1:39"}));
  EXPECT_EQ(l.diagnostics[0].message, "unknown key 'comand'");
  EXPECT_EQ(l.diagnostics[0].help, (words{"did you mean 'command'?"}));
}

TEST(Fields, ListTheKeysWhenNoneIsNear) {
  const auto l = load("children: []\nstop: {foobar: 1}");
  ASSERT_EQ(places(l), (words{"E010 2:8"}));
  EXPECT_EQ(l.diagnostics[0].help, (words{"keys of 'stop': steps, scope, leftovers, signal, timeout"}));
}

TEST(Fields, SayWhereAKeyBelongs) {
  EXPECT_EQ(load_service("command: x, strategy: one_for_all").diagnostics.at(0).help,
            (words{"'strategy' is a key of the root"}));
  EXPECT_EQ(load("children: []\nrestart: always").diagnostics.at(0).help,
            (words{"'restart' is a key of a supervisor"}));
}

TEST(Fields, SayWhereAnyKeyBelongsWhateverItsMapping) {
  for (const auto& one : all_places) {
    for (const auto& key : key_names(one.is)) {
      if (find_key(place::service, key) != nullptr || key == "supervisor") continue; // which is a child of its own
      const auto first = std::find_if(all_places.begin(), all_places.end(),
                                      [&](const auto& p) { return find_key(p.is, key) != nullptr; });
      const auto l = load_service("command: x, " + key + ": 1");
      ASSERT_FALSE(l.diagnostics.empty()) << key;
      EXPECT_EQ(l.diagnostics[0].help, (words{"'" + key + "' is a key of " + std::string{first->phrase}}));
    }
  }
  EXPECT_EQ(load_service("command: x, cron: '@daily'").diagnostics.at(0).help,
            (words{"'cron' is a key of 'schedule'"}));
  EXPECT_EQ(load_service("command: x, debounce: 1s").diagnostics.at(0).help, (words{"'debounce' is a key of 'watch'"}));
  EXPECT_EQ(load_service("command: x, before_start: y").diagnostics.at(0).help,
            (words{"'before_start' is a key of 'hooks'"}));
}

TEST(Fields, DoNotMissWhatIsOnlyMisspelled) {
  EXPECT_EQ(places(load("children: [{service: a, comand: x}]")), (words{"E010 1:25"}));
  EXPECT_EQ(places(load("chidren: []")), (words{"E010 1:1"}));
}

TEST(Fields, RefuseValuesOfAWrongShape) {
  EXPECT_EQ(places(load("children: {}\nstrategy: [a]\nintensity: 3\nenv: [A]\nname: ~\n")),
            (words{"E011 1:11", "E011 2:11", "E011 3:12", "E011 4:6", "E011 5:7"}));
}

} // namespace
} // namespace alder::config
