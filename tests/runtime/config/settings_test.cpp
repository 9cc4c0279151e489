#include "runtime/config/settings.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using namespace std::chrono_literals;
using environment = std::map<std::string, std::string>;
using words = std::vector<std::string>;

TEST(Settings, AddsEnvKeyByKeyFromTheOutside) {
  const auto root =
      tree_of("inherit_env: false\nenv: {A: 1, B: 1, C: 1}\nchildren:\n- supervisor: s\n  env: {B: 2, C: 2}\n"
              "  children: [{service: a, command: x, env: {C: 3, A: null}}]");
  EXPECT_EQ(service_at(supervisor_at(root, 0), 0).environment,
            (environment{{"B", "2"}, {"C", "3"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}}));
}

TEST(Settings, InheritsAllOrNothingOrTheNamedVariables) {
  EXPECT_EQ(service_with("command: x, inherit_env: true").environment.at("HOME"), "/home/ann");
  EXPECT_EQ(service_with("command: x, inherit_env: false").environment,
            (environment{{"PATH", "/usr/local/bin:/usr/bin:/bin"}}));
  EXPECT_EQ(service_with("command: x, inherit_env: [HOME, PATH, NONE]").environment,
            (environment{{"HOME", "/home/ann"}, {"PATH", "/bin"}}));
}

TEST(Settings, LetsTheInnermostChoiceOfInheritanceCount) {
  const auto root =
      tree_of("inherit_env: false\nchildren: [{service: a, command: x, inherit_env: true}, {service: b, command: x}]");
  EXPECT_EQ(service_at(root, 0).environment.count("HOME"), 1U);
  EXPECT_EQ(service_at(root, 1).environment.count("HOME"), 0U);
}

TEST(Settings, UnsetsAnInheritedVariableWithNull) {
  EXPECT_EQ(service_with("command: x, env: {HOME: null}").environment.count("HOME"), 0U);
}

TEST(Settings, SetsPathWhenItWouldBeUnset) {
  EXPECT_EQ(service_with("command: x, env: {PATH: null}").environment.at("PATH"), "/usr/local/bin:/usr/bin:/bin");
}

TEST(Settings, ReadsEnvFilesInOrderAndLetsEnvWin) {
  config_file file{"env_file: base.env\nchildren: [{service: a, command: x, inherit_env: false, env_file: [a.env, "
                   "/etc/b.env], env: {D: own}}]"};
  file.with_file("/srv/shop/base.env", "A=0\nZ=0\n")
      .with_file("/srv/shop/a.env", "A=1\nB=1\nD=1")
      .with_file("/etc/b.env", "B=2\n");
  EXPECT_EQ(service_at(tree_of(file.load()), 0).environment,
            (environment{{"A", "1"}, {"B", "2"}, {"D", "own"}, {"Z", "0"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}}));
}

TEST(Settings, ReportsAnEnvFileThatCannotBeRead) {
  const auto l = load_service("command: x, env_file: [none.env]");
  ASSERT_EQ(places(l), (words{"E032 1:50"}));
  EXPECT_EQ(l.diagnostics[0].label, "no such file or directory (ENOENT)");
}

TEST(Settings, ReportsABadLineWhereItStands) {
  const auto l = config_file{"children: [{service: a, command: x, env_file: a.env}]"}
                     .with_file("/srv/shop/a.env", "A=1\noops\n")
                     .load();
  ASSERT_EQ(places(l), (words{"E033 2:1"}));
  EXPECT_EQ(l.diagnostics[0].file, "/srv/shop/a.env");
  EXPECT_EQ(l.diagnostics[0].snippet, "oops");
  EXPECT_EQ(l.diagnostics[0].help[0], "this file is named at alder.yaml:1:47");
}

TEST(Settings, ReadsAnEnvFileOnce) {
  config_file file{"env_file: a.env\nchildren: [{service: a, command: x, instances: 50, env_file: a.env}]"};
  int reads = 0;
  file.from.read_file = [&](const std::string&) -> result<std::string> {
    ++reads;
    return std::string{"A=1"};
  };
  EXPECT_TRUE(load_tree(file.from).tree);
  EXPECT_EQ(reads, 1);
}

TEST(Settings, DoesNotUseAServicesEnvForVariables) {
  EXPECT_EQ(places(load_service("command: 'x ${MINE}', env: {MINE: 1}")), (words{"E030 1:39"}));
}

TEST(Settings, HandsDownStopBackoffAndUmask) {
  const auto root = tree_of("stop: {signal: INT, timeout: 1m}\nbackoff: {min: 1s, factor: 4}\numask: 027\n"
                            "children: [{service: a, command: x, stop: {timeout: 2m}, backoff: {max: 9s}}, {service: "
                            "b, command: x, umask: '0022'}]");
  EXPECT_EQ(service_at(root, 0).stop, (stop_spec{2, 2min}));
  EXPECT_EQ(service_at(root, 0).backoff, (backoff{1s, 9s, 4.0, 0.1, 60s}));
  EXPECT_EQ(service_at(root, 0).umask, 027U);
  EXPECT_EQ(service_at(root, 1).umask, 022U);
  EXPECT_EQ(root.backoff.min, 1s);
}

TEST(Settings, RaisesTheDefaultMaximumToALongMinimum) {
  EXPECT_EQ(service_with("command: x, backoff: {min: 5m}").backoff.max, 5min);
}

TEST(Settings, TheBackoffIsTheDefaultUnlessOneIsGivenOrNone) {
  EXPECT_EQ(service_with("command: x").backoff, default_backoff);
  EXPECT_EQ(service_with("command: x, backoff: none").backoff, backoff{});
  EXPECT_EQ(service_with("command: x, backoff: {max: 5s}").backoff.first, 0ms);
  EXPECT_EQ(service_with("command: x, backoff: {min: 2s}").backoff.first, std::nullopt) << "the first waits too";
  EXPECT_EQ(service_with("command: x, backoff: {min: 2s, first: 1s}").backoff.first, 1s);
  EXPECT_EQ(service_with("command: x, backoff: {max: 100ms}").backoff.min, 100ms) << "the default gives way";
  const auto root = tree_of("backoff: none\nchildren: [{service: a, command: x}, "
                            "{service: b, command: x, backoff: {max: 5s}}, {supervisor: s, children: []}]");
  EXPECT_EQ(service_at(root, 0).backoff, backoff{});
  EXPECT_EQ(service_at(root, 1).backoff.min, default_backoff.min);
  EXPECT_EQ(supervisor_at(root, 2).backoff, backoff{});
  EXPECT_EQ(tree_of("children: [{supervisor: s, children: []}]").backoff, default_backoff);
  EXPECT_EQ(places(load("backoff: never\nchildren: []")), (std::vector<std::string>{"E011 1:10"}));
}

TEST(Settings, WhatIsLeftOfAServiceIsAskedUnlessItIsToBeKilled) {
  EXPECT_FALSE(service_with("command: x").stop.kill_leftovers);
  EXPECT_TRUE(service_with("command: x, stop: {leftovers: kill}").stop.kill_leftovers);
  const auto root = tree_of("stop: {leftovers: kill}\nchildren: [{service: a, command: x, stop: {leftovers: signal}}]");
  EXPECT_FALSE(service_at(root, 0).stop.kill_leftovers);
}

TEST(Settings, WaitsWithoutLimitWithInfinity) {
  EXPECT_EQ(service_with("command: x, stop: {timeout: '${T:-infinity}'}").stop.timeout, std::nullopt);
}

TEST(Settings, TakesPathsFromTheDirectoryOfTheFile) {
  const auto root = tree_of("cwd: app\nchildren: [{service: a, command: x}, {service: b, command: x, cwd: ./b/../c/}, "
                            "{service: c, command: x, cwd: /d}]");
  EXPECT_EQ(service_at(root, 0).cwd, "/srv/shop/app");
  EXPECT_EQ(service_at(root, 1).cwd, "/srv/shop/c");
  EXPECT_EQ(service_at(root, 2).cwd, "/d");
}

TEST(Settings, RefusesOddVariableNames) {
  EXPECT_EQ(places(load_service("command: x, env: {'A=B': 1}")), (words{"E016 1:45"}));
  EXPECT_EQ(places(load_service("command: x, env: {A: [1]}")), (words{"E011 1:48"}));
}

/// The environment of a service with this `env_file`, which is `text`.
std::map<std::string, std::string> environment_with(const std::string& env_file, const std::string& text) {
  config_file file{"children: [{service: a, command: x, inherit_env: [PORT], env_file: " + env_file + "}]"};
  const auto root = tree_of(file.with_file("/srv/shop/a.env", text).load());
  return root.children.empty() ? std::map<std::string, std::string>{}
                               : std::get<service_ptr>(root.children.front())->environment;
}

TEST(Settings, ReplacesVariablesOfAnEnvFileOnlyWhenAsked) {
  const std::string text = "A=1\nB=\"${A}-${PORT}-${NO:-d}-$A-\\${A}\"\nC='${A}'\nD=${A}\n";
  auto plain = environment_with("a.env", text);
  EXPECT_EQ(plain["B"], "${A}-${PORT}-${NO:-d}-$A-${A}");
  for (const auto* asked : {"{path: a.env, expand: true}", "[{path: a.env, expand: true}]"}) {
    auto expanded = environment_with(asked, text);
    EXPECT_EQ(expanded["B"], "1-6400-d-$A-${A}");
    EXPECT_EQ(expanded["C"], "${A}");
    EXPECT_EQ(expanded["D"], "${A}");
  }
  EXPECT_EQ(environment_with("{path: a.env, expand: false}", text)["B"], plain["B"]);
}

TEST(Settings, SaysWhatCannotBeReplacedInAnEnvFile) {
  config_file file{"children: [{service: a, command: x, env_file: {path: a.env, expand: true}}]"};
  const auto l = file.with_file("/srv/shop/a.env", "A=1\nB=\"${NOPE}\"\nC=\"${A\"\n2D=x\n").load();
  ASSERT_EQ(places(l), (std::vector<std::string>{"E030 2:1", "E031 3:1", "W009 4:1"}));
  EXPECT_EQ(l.diagnostics[0].file, "/srv/shop/a.env");
  EXPECT_EQ(l.diagnostics[0].message, "the variable 'NOPE' is not set");
}

TEST(Settings, AnEnvFileIsAPathOrAMappingWithOne) {
  const auto places_of = [](const std::string& env_file) {
    return places(config_file{"children: [{service: a, command: x, env_file: " + env_file + "}]"}
                      .with_file("/srv/shop/a.env", "A=1")
                      .load());
  };
  EXPECT_EQ(places_of("[a.env, {path: a.env}]"), std::vector<std::string>{});
  EXPECT_EQ(places_of("{expand: true}").size(), 1U);
  EXPECT_EQ(places_of("{path: [a.env]}").size(), 1U);
  EXPECT_EQ(places_of("{path: a.env, expand: perhaps}").size(), 1U);
  EXPECT_EQ(places_of("[[a.env]]").size(), 1U);
  EXPECT_EQ(places_of("[{pth: a.env}]").size(), 1U);
  EXPECT_EQ(places_of("null").size(), 1U);
}

} // namespace
} // namespace alder::config
