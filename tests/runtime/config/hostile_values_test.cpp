// Values that nobody means: each is refused or taken, and what was refused is not read any further.
#include "tests/runtime/config/config_fixture.hpp"
#include "tests/support/hostile_config.hpp"

#include "runtime/config/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <variant>
#include <vector>

namespace alder::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using words = std::vector<std::string>;

std::string service_like(const std::string& keys) { return "children: [{service: a, " + keys + "}]"; }

/// "E011" for each diagnostic.
words codes_of(const loaded& l) {
  words all;
  for (const auto& d : l.diagnostics)
    all.push_back(d.code);
  return all;
}

TEST(HostileValues, ANulIsReportedOnceWhereverItStands) {
  for (const std::string& nul : words{"\"a\\0b\"", "\"\\0\"", "\"\\x00 ${HOME}\"", "\"${HOME}\\u0000${HOME}\""}) {
    for (const auto& keys : {"command: " + nul,
                             "command: [x, " + nul + "]",
                             "command: [" + nul + "]",
                             "shell: true, command: " + nul,
                             "command: x, cwd: " + nul,
                             "command: x, env: {A: " + nul + "}",
                             "command: x, env: {" + nul + ": A}",
                             "command: x, env_file: " + nul,
                             "command: x, env_file: [" + nul + "]",
                             "command: x, env_file: {path: " + nul + "}",
                             "command: x, secrets: {A: " + nul + "}",
                             "command: x, stdin: " + nul,
                             "command: x, restart: " + nul,
                             "command: x, after: [" + nul + "]",
                             "command: x, stop: {signal: " + nul + "}",
                             "command: x, stop: {steps: [{command: " + nul + "}]}",
                             "command: x, ready: {log: " + nul + "}",
                             "command: x, ready: {exec: [x, " + nul + "]}",
                             "command: x, ready: {tcp: " + nul + "}",
                             "command: x, health: {http: " + nul + "}",
                             "command: x, health: {http: 'http://a/', body: " + nul + "}",
                             "command: x, hooks: {before_start: " + nul + "}",
                             "command: x, watch: {paths: [" + nul + "]}",
                             "command: x, log: {out: " + nul + "}",
                             "command: x, log: {to: syslog, tag: " + nul + "}",
                             "command: x, schedule: {cron: " + nul + "}",
                             "command: x, user: " + nul,
                             "command: x, rlimits: {nofile: " + nul + "}",
                             "command: x, umask: " + nul,
                             "command: x, clean_signals: [" + nul + "]",
                             "command: x, instances: " + nul,
                             "command: x, optional: [" + nul + "]"})
      EXPECT_THAT(codes_of(load(service_like(keys))), ElementsAre("E011")) << keys;
  }
  EXPECT_THAT(codes_of(load("children: [{service: \"a\\0\", command: x}]")), ElementsAre("E011"));
  EXPECT_THAT(codes_of(load("name: \"a\\0\"\nchildren: []")), ElementsAre("E011"));
  EXPECT_THAT(
      codes_of(config_file{R"({"children": [{"service": "a", "command": "x\u0000y"}]})"}.named("/a.json").load()),
      ElementsAre("E011"));
}

TEST(HostileValues, WhatHasAWrongTagOrIsAnUnknownAliasIsNotReadEither) {
  EXPECT_THAT(codes_of(load(service_like("command: !!int x"))), ElementsAre("E004"));
  EXPECT_THAT(codes_of(load(service_like("command: *nowhere"))), ElementsAre("E004"));
  EXPECT_THAT(codes_of(load(service_like("command: x, log: !own {max_size: nonsense}"))), ElementsAre("E004"));
  EXPECT_THAT(codes_of(load("!own {children: nonsense}")), ElementsAre("E004"));
  EXPECT_THAT(codes_of(load("children: [!own {nonsense: x}, {<<: *nowhere, service: b, command: y}]")),
              ElementsAre("E004", "E004"));
}

TEST(HostileValues, AWrongValueBesideAKeyThatIsAboutItIsReported) {
  for (const auto* keys :
       {"log: {merge: true, err: [x]}", "log: {merge: true, er: x}", "log: {out: /x, merge: false, err: {}}",
        "log: {to: syslog, socket: [x]}", "ipc: [false], ready: {message: true}", "ready: [x], task: true",
        "instances: 2, significant: [true]", "private_tmp: {}, cwd: /tmp", "backoff: {min: 5s, max: [1s]}",
        "limits: {memory_max: [1], memory_high: 2M}"})
    EXPECT_FALSE(codes_of(load(service_like(std::string{"command: x, "} + keys))).empty()) << keys;
  const std::string outer = "log: {to: syslog, socket: /" + std::string(200, 's') + "}\n";
  EXPECT_FALSE(codes_of(load(outer + service_like("command: x, log: {socket: [x]}"))).empty());
}

TEST(HostileValues, EveryKeyStandsEveryValue) {
  std::size_t count = 0;
  for (const auto& key : key_table()) {
    for (const auto& value : test::hostile_values()) {
      for (const auto where : test::places_of(key)) {
        const auto text = test::document_with(where, {{std::string{key.name}, value}});
        const auto trouble = test::trouble_with("/srv/shop/alder.yaml", text);
        EXPECT_EQ(trouble, "") << text;
        ++count;
      }
    }
  }
  EXPECT_GT(count, 5000U);
}

TEST(HostileValues, AliasesDoNotMultiplyText) {
  std::string long_text(100'000, 'x');
  std::string list = "*t";
  for (int i = 0; i < 5000; ++i)
    list += ", *t"; // 500 MB
  const auto with = [&](const std::string& keys) {
    return load("env: {T: &t " + long_text + "}\n" + service_like(keys));
  };
  EXPECT_THAT(codes_of(with("command: [" + list + "]")), ElementsAre("E002"));
  EXPECT_THAT(codes_of(with("command: x, hooks: {before_start: [" + list + "]}")), ElementsAre("E002"));
  EXPECT_THAT(codes_of(with("command: x, watch: {paths: [" + list + "]}")), ElementsAre("E002"));
}

TEST(HostileValues, InstancesDoNotMultiplyWhatOneHas) {
  const std::string long_text(100'000, 'x');
  for (const auto* keys : {"command: x, hooks: {after_exit: [x, TEXT]}", "command: [x, TEXT]"}) {
    std::string text{keys};
    text.replace(text.find("TEXT"), 4, long_text);
    EXPECT_THAT(codes_of(load(service_like(text + ", instances: 10000"))), ElementsAre("E002")) << keys;
  }
}

TEST(HostileValues, SentencesAreShort) {
  const auto l = load("children: [{service: '" + std::string(500'000, ':') + "', command: x}]");
  ASSERT_FALSE(l.diagnostics.empty());
  for (const auto& d : l.diagnostics) {
    EXPECT_LE(d.message.size(), report::max_snippet + 3);
    for (const auto& help : d.help)
      EXPECT_LE(help.size(), report::max_snippet + 3);
  }
}

/// Each of these took minutes, or the stack, when its cost grew with the square of its size.
TEST(HostileValues, ManyMistakesAndLongChainsAreReadInTime) {
  const auto processor_time_for = [](const std::string& file, const std::string& text, std::size_t most) {
    const auto begin = std::clock();
    EXPECT_LE(config_file{text}.named(file).load().diagnostics.size(), most);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  std::string keys;
  std::string names;
  std::string chain;
  for (int i = 0; i < 30'000; ++i)
    keys += "\"unknown" + std::to_string(i) + "\":1,";
  for (int i = 0; i < 50'000; ++i)
    names += "n" + std::to_string(i) + ",";
  for (int i = 0; i < 10'000; ++i)
    chain += "- {service: s" + std::to_string(i) + ", command: x, after: s" + std::to_string(i + 1) + "}\n";
  constexpr double enough = 20; // seconds, with a sanitizer
  EXPECT_LT(processor_time_for("/a.json", "{" + keys + "\"children\":[]}", 101), enough);
  EXPECT_LT(processor_time_for("/a.yaml", "children: [{service: a, command: x, after: [" + names + "]}]", 101), enough);
  EXPECT_LT(processor_time_for("/a.yaml", "children:\n" + chain + "- {service: s10000, command: x}\n", 0), enough);
  EXPECT_LT(processor_time_for("/a.yaml", "children:\n" + chain, 1), enough);
}

TEST(HostileValues, WhatIsListedAgainCountsOnce) {
  std::string again;
  for (int i = 0; i < 1000; ++i)
    again += "0-1023, ";
  EXPECT_EQ(service_with("command: x, cpus: [" + again + "0]").attributes.cpus.size(), 1024U);
  std::string statuses;
  for (int i = 0; i < 1000; ++i)
    statuses += "2xx, ";
  const auto spec = service_with("command: x, health: {http: 'http://a/', status: [" + statuses + "200]}");
  ASSERT_TRUE(spec.health);
  EXPECT_EQ(std::get<ready_http>(spec.health->check).statuses.size(), 100U);
}

TEST(HostileValues, ASiblingMayBeNamedByAVariable) {
  EXPECT_THAT(
      codes_of(load("children: [{service: 'db-${PORT}', command: x}, {service: a, command: x, after: db-6400}]")),
      IsEmpty());
}

} // namespace
} // namespace alder::config
