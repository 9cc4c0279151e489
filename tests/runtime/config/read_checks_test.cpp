#include "runtime/config/read_checks.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/wire/spec_text.hpp"

#include <csignal>

namespace alder::config {
namespace {

using namespace std::chrono_literals;

std::string ready_of(const std::string& check) {
  return wire::ready_text(service_with("command: x, ready: {" + check + "}").ready);
}

TEST(ReadChecks, KnowsEveryWayOfBeingReady) {
  EXPECT_EQ(ready_of("notify: true"), "READY=1 on NOTIFY_SOCKET within 30s");
  EXPECT_EQ(ready_of("message: true, timeout: 5s"), "\"ready\" over IPC within 5s");
  EXPECT_EQ(ready_of("descriptor: 4"), "a line on descriptor 4 within 30s");
  EXPECT_EQ(ready_of("file: up"), "file /srv/shop/up within 30s");
  EXPECT_EQ(ready_of("http: 'http://127.0.0.1:80/x', status: [204, 3xx], body: 'o+k'"),
            "http 127.0.0.1:80/x with a body matching o+k within 30s");
  EXPECT_EQ(codes_of("ready: {notify: true, file: x}"), "E018");
  EXPECT_EQ(codes_of("ready: {tcp: '1', body: x}"), "W006");
  EXPECT_EQ(codes_of("ready: {http: 'http://a/', status: 99}"), "E011");
  EXPECT_EQ(codes_of("ready: {http: 'http://a/', body: '('}"), "E025");
  EXPECT_EQ(codes_of("ready: {descriptor: 2}"), "E014");
  EXPECT_EQ(ready_of("log: 'ready (to|for)', timeout: 5s"), "a line of output matching ready (to|for) within 5s");
  EXPECT_EQ(codes_of("ready: {log: '['}"), "E025");
  EXPECT_EQ(codes_of("ready: {log: ''}"), "E025");
  EXPECT_EQ(codes_of("ready: {log: up, tcp: 80}"), "E018");
  EXPECT_EQ(codes_of("health: {log: up}"), "E015 E010");
  EXPECT_EQ(codes_of("task: true, ready: {log: up}"), "E021");
}

TEST(ReadChecks, GivesAChannelToThoseWhoKnowIt) {
  EXPECT_TRUE(service_with("command: /usr/bin/node x.js").ipc);
  EXPECT_FALSE(service_with("command: python3 x.py").ipc);
  EXPECT_TRUE(service_with("command: python3 x.py, ipc: true").ipc);
  EXPECT_FALSE(service_with("command: node x.js, ipc: false").ipc);
  EXPECT_TRUE(service_with("command: x, ready: {message: true}").ipc);
  EXPECT_EQ(codes_of("ipc: false, ready: {message: true}"), "E021");
}

TEST(ReadChecks, WatchesWhatIsAskedFor) {
  const auto spec = service_with("command: x, heartbeat: {interval: 1s}, limits: {memory: 300M, cpu: 150%}, "
                                 "health: {tcp: 80, failures: 2, on_failure: report}");
  EXPECT_EQ(spec.heartbeat, (heartbeat_spec{1s, 3, remedy::restart}));
  EXPECT_EQ(spec.limits.memory, 300U << 20U);
  EXPECT_DOUBLE_EQ(spec.limits.cpu, 1.5);
  ASSERT_TRUE(spec.health);
  EXPECT_EQ(wire::health_text(spec.health), "tcp 127.0.0.1:80 every 10s, reported after 2 failures");
  EXPECT_EQ(codes_of("health: {interval: 5s}"), "E015");
  EXPECT_EQ(codes_of("health: {notify: true}"), "E015 E010");
  EXPECT_EQ(codes_of("limits: {}"), "E015");
  EXPECT_EQ(codes_of("limits: {memory: lots}"), "E011");
  EXPECT_EQ(codes_of("limits: {cpu: 0}"), "E014");
  EXPECT_EQ(codes_of("heartbeat: {interval: 1s, on_failure: panic}"), "E012");
}

TEST(ReadChecks, LimitsRestarts) {
  const auto spec = service_with("command: x, restart_limit: {min_uptime: 2s, max_unstable: 16, hourly: 60}, "
                                 "fatal_exit_codes: [78], clean_exit_codes: [3]");
  EXPECT_EQ(spec.restart_limit, (restart_limit{2s, 16, 60}));
  EXPECT_EQ(spec.fatal_exit_codes, std::vector<int>{78});
  EXPECT_EQ(spec.clean_exit_codes, (std::vector<int>{0, 3}));
}

TEST(ReadChecks, StopsInSteps) {
  const auto stop = service_with("command: x, stop: {scope: main, steps: [{message: shutdown, wait: 1s}, "
                                 "{command: nginx -s quit}, {signal: INT}]}")
                        .stop;
  EXPECT_TRUE(stop.main_only);
  ASSERT_EQ(stop.steps.size(), 3U);
  EXPECT_EQ(stop.steps[0], (stop_step{stop_step::message{}, 1s}));
  EXPECT_EQ(stop.steps[1], (stop_step{std::vector<std::string>{"nginx", "-s", "quit"}, 5s}));
  EXPECT_EQ(stop.steps[2], (stop_step{SIGINT, 5s}));
  EXPECT_EQ(codes_of("stop: {steps: [{wait: 1s}]}"), "E015");
  EXPECT_EQ(codes_of("stop: {steps: [{signal: INT, command: x}]}"), "E018");
  EXPECT_EQ(codes_of("stop: {steps: [INT]}"), "E011");
}

} // namespace
} // namespace alder::config
