#include "runtime/config/fields.hpp"

#include "tests/runtime/config/config_fixture.hpp"

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
