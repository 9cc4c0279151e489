#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/config/read_tree.hpp"

namespace alder::config {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

TEST(ReadService, RunsAShellTextWithSh) {
  EXPECT_EQ(service_with("command: 'echo $HOME $${X} | wc', shell: true").command,
            (words{"/bin/sh", "-c", "echo $HOME ${X} | wc"}));
}

TEST(ReadService, KeepsAVariableWithBlanksAndQuotesInItsWord) {
  EXPECT_EQ(service_with("command: 'run --name=${SPACED} \"x ${SPACED}\" ${PORT}'").command,
            (words{"run", "--name=a b 'c", "x a b 'c", "6400"}));
}

TEST(ReadService, TakesNumbersAndWordsAsTheyAreWritten) {
  EXPECT_EQ(service_with("command: [run, 010, true, '', 1.50]").command, (words{"run", "010", "true", "", "1.50"}));
}

TEST(ReadService, MakesAPoolOfSeveralInstances) {
  const auto root = tree_of("intensity: {max_restarts: 7, within: 9s}\nchildren:\n  - service: api\n    command: run "
                            "${INSTANCE}/${INSTANCES}\n"
                            "    cwd: d${INSTANCE}\n    env: {N: 'n${INSTANCE}'}\n    stdin: in${INSTANCE}\n"
                            "    ready: {tcp: '300${INSTANCE}'}\n    instances: 3\n    restart: on-failure\n"
                            "    stop: {steps: [{command: 'quit ${INSTANCE}'}]}\n");
  const auto pool = supervisor_at(root, 0);
  EXPECT_TRUE(pool.pool);
  EXPECT_EQ(pool.name, "api");
  EXPECT_EQ(pool.strategy, strategy::simple_one_for_one);
  EXPECT_EQ(pool.restart, restart_kind::permanent);
  EXPECT_EQ(pool.intensity, (intensity{7, 9s}));
  ASSERT_EQ(pool.children.size(), 3U);
  const auto last = service_at(pool, 2);
  EXPECT_EQ(last.name, "api:2");
  EXPECT_EQ(last.command, (words{"run", "2/3"}));
  EXPECT_EQ(last.cwd, "/srv/shop/d2");
  EXPECT_EQ(last.environment.at("N"), "n2");
  EXPECT_EQ(last.environment.at("ALDER_INSTANCE"), "2");
  EXPECT_EQ(last.stdin_file, "/srv/shop/in2");
  EXPECT_EQ(last.ready.check, (decltype(last.ready.check){ready_tcp{"127.0.0.1", 3002}}));
  EXPECT_EQ(last.restart, restart_kind::transient);
  EXPECT_EQ(last.stop.steps.at(0).how, (decltype(stop_step::how){words{"quit", "2"}}));
}

TEST(ReadService, GivesAPoolItsOwnIntensity) {
  const auto root = tree_of("children: [{service: api, command: x, instances: 2, intensity: {max_restarts: 9}}]");
  EXPECT_EQ(supervisor_at(root, 0).intensity, (intensity{9, 1min}));
}

TEST(ReadService, MakesAPlainServiceOfOneInstance) {
  const auto one = service_with("command: 'x ${INSTANCE} ${INSTANCES}', instances: 1");
  EXPECT_EQ(one.name, "web");
  EXPECT_EQ(one.command, (words{"x", "0", "1"}));
  EXPECT_EQ(one.environment.at("ALDER_INSTANCE"), "0");
  EXPECT_EQ(service_with("command: x").environment.count("ALDER_INSTANCE"), 0U);
}

TEST(ReadService, ReadsTheNumberOfInstancesFromAVariable) {
  EXPECT_EQ(supervisor_at(tree_of("children: [{service: a, command: x, instances: '${N:-4}'}]"), 0).children.size(),
            4U);
}

TEST(ReadService, ReadsEachKindOfReadinessCheck) {
  using check = decltype(ready_spec::check);
  EXPECT_EQ(service_with("command: x, ready: {tcp: 80}").ready.check, (check{ready_tcp{"127.0.0.1", 80}}));
  EXPECT_EQ(service_with("command: x, ready: {tcp: '[::1]:80'}").ready.check, (check{ready_tcp{"::1", 80}}));
  EXPECT_EQ(service_with("command: x, ready: {http: 'http://a.b:81/c?d#e'}").ready.check,
            (check{ready_http{"a.b", 81, "/c?d"}}));
  EXPECT_EQ(service_with("command: x, ready: {http: 'http://a?d'}").ready.check, (check{ready_http{"a", 80, "/?d"}}));
  EXPECT_EQ(service_with("command: x, ready: {exec: 'redis-cli ping'}").ready.check,
            (check{ready_exec{{"redis-cli", "ping"}}}));
  EXPECT_EQ(service_with("command: x, ready: {after: 2s, interval: 1s}").ready, (ready_spec{ready_after{2s}, 30s, 1s}));
}

TEST(ReadService, ExtendsTheDefaultTimeoutForALongDelay) {
  EXPECT_EQ(service_with("command: x, ready: {after: 1m}").ready.timeout, 90s);
  EXPECT_EQ(places(load_service("command: x, ready: {after: 1m, timeout: 1m}")), (words{"E021 1:54"}));
}

TEST(ReadService, WantsExactlyOneCheck) {
  EXPECT_EQ(places(load_service("command: x, ready: {timeout: 1s}")), (words{"E015 1:39"}));
  EXPECT_EQ(places(load_service("command: x, ready: {tcp: 1, after: 1s}")), (words{"E018 1:55"}));
}

TEST(ReadService, AlwaysCountsExitCodeZeroAsClean) {
  const auto web = service_with("command: x, clean_exit_codes: [3, 4, 3], clean_signals: [KILL, usr1]");
  EXPECT_EQ(web.clean_exit_codes, (std::vector<int>{0, 3, 4}));
  EXPECT_EQ(web.clean_signals, (std::vector<int>{9, 10}));
}

TEST(ReadService, ReadsTheSynonymsOfRestart) {
  EXPECT_EQ(service_with("command: x, restart: always").restart, restart_kind::permanent);
  EXPECT_EQ(service_with("command: x, restart: on-failure").restart, restart_kind::transient);
  EXPECT_EQ(service_with("command: x, restart: never").restart, restart_kind::temporary);
}

TEST(ReadService, ReadsStdinRelativeToTheFile) {
  EXPECT_EQ(service_with("command: x, stdin: ../in.sql").stdin_file, "/srv/in.sql");
  EXPECT_EQ(service_with("command: x, stdin: null").stdin_file, "");
}

TEST(ReadService, RefusesACommandThatCannotRun) {
  EXPECT_EQ(places(load_service("command: ''")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("command: []")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("command: ['', a]")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("command: \"echo 'x\"")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("command: [a], shell: true")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("command: ' ', shell: true")), (words{"E019 1:36"}));
  EXPECT_EQ(places(load_service("restart: never")), (words{"E015 1:22"}));
}

TEST(ReadService, RefusesSignificantInstances) {
  const auto l = load("auto_shutdown: any_significant\n"
                      "children: [{service: a, command: x, restart: never, instances: 2, significant: true}]");
  EXPECT_EQ(places(l), (words{"E021 2:80"}));
}

TEST(ReadService, ReportsAMistakeOfAPoolOnce) {
  EXPECT_EQ(places(load_service("command: '${NOPE}', instances: 5000")), (words{"E030 1:37"}));
}

TEST(ReadService, WarnsOfAnEndlessStop) {
  EXPECT_EQ(places(load_service("command: x, stop: {timeout: infinity}")), (words{"W003 1:55"}));
  EXPECT_EQ(places(load("stop: {timeout: infinity}\nchildren: [{service: a, command: x}]")), (words{"W003 2:22"}));
}

TEST(ReadService, WarnsOfAServiceThatAGroupRestartRevives) {
  const std::string rest = "\nchildren: [{service: a, command: x, restart: transient}]";
  EXPECT_EQ(places(load("strategy: one_for_all" + rest)), (words{"W005 2:46"}));
  EXPECT_EQ(places(load("strategy: rest_for_one" + rest)), (words{"W005 2:46"}));
  EXPECT_EQ(places(load("strategy: one_for_one" + rest)), (words{}));
}

TEST(ReadService, WarnsOfAnIntensityWithoutEffect) {
  EXPECT_EQ(places(load_service("command: x, intensity: {max_restarts: 2}")), (words{"W006 1:39"}));
}

TEST(ReadService, LimitsTheProcessesOfATree) {
  const auto l =
      load("children: [{service: a, command: x, instances: 10000}, {service: b, command: x, instances: 10000}, "
           "{service: c, command: x}]");
  EXPECT_EQ(places(l), (words{"E002 1:110"}));
}

} // namespace
} // namespace alder::config
