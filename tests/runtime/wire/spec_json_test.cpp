#include "runtime/wire/spec_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <functional>
#include <string>
#include <vector>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

/// What is read from the text of what was written.
service_spec spec_read_back(const service_spec& spec) {
  service_spec back;
  EXPECT_TRUE(read_spec(*parse_answer(written(spec_value(spec))), back)) << written(spec_value(spec));
  return back;
}

void expect_spec_sent(const std::function<void(service_spec&)>& change) {
  service_spec spec;
  change(spec);
  EXPECT_EQ(spec_read_back(spec), spec) << written(spec_value(spec));
}

TEST(SpecJson, WhatIsAsUsualIsReadBack) {
  expect_spec_sent([](service_spec&) {});
}

TEST(SpecJson, EveryKindOfReadinessIsReadBack) {
  const std::vector<check_spec> checks{std::monostate{},
                                       ready_after{2s},
                                       ready_tcp{"::1", 6400},
                                       ready_http{"localhost", 8080, "/health", {200, 204}, "ok.*"},
                                       ready_http{},
                                       ready_exec{{"test", "-e", "a b"}},
                                       ready_file{"/srv/done"},
                                       ready_notify{},
                                       ready_message{},
                                       ready_descriptor{7},
                                       ready_log{"listening on .*"}};
  ASSERT_EQ(checks.size(), std::variant_size_v<check_spec> + 1) << "a kind of check is not tried here";
  for (const auto& check : checks) {
    expect_spec_sent([&](service_spec& spec) { spec.ready = {check, 7s, 50ms}; });
    expect_spec_sent([&](service_spec& spec) { spec.health = health_spec{check, 1s, 2s, 3s, 4, 5, remedy::report}; });
  }
}

TEST(SpecJson, EveryWayToStopIsReadBack) {
  expect_spec_sent([](service_spec& spec) { spec.stop = {SIGINT, std::nullopt, true, {}, true}; });
  expect_spec_sent([](service_spec& spec) {
    spec.stop.steps = {
        {SIGRTMIN + 3, 1s}, {std::vector<std::string>{"./stop.sh", "now"}, 2s}, {stop_step::message{}, 3s}};
  });
}

TEST(SpecJson, RestartsAreReadBack) {
  expect_spec_sent([](service_spec& spec) {
    spec.restart = restart_kind::transient;
    spec.significant = true;
    spec.backoff = {100ms, 30s, 1.5, 0.25, 2min, 0ms};
    spec.restart_limit = {2s, 3, 20};
    spec.clean_exit_codes = {0, 3};
    spec.clean_signals = {SIGTERM, SIGRTMIN + 1};
    spec.fatal_exit_codes = {64, 78};
  });
  expect_spec_sent([](service_spec& spec) { spec.clean_signals = {}; });
  expect_spec_sent([](service_spec& spec) { spec.backoff = default_backoff; });
}

TEST(SpecJson, WhatHappensAroundItIsReadBack) {
  expect_spec_sent([](service_spec& spec) {
    spec.task = true;
    spec.task_timeout = 10min;
    spec.autostart = false;
    spec.after = {"db", "migrate"};
    spec.schedule.cron.emplace().text = "0 3 * * *";
    spec.schedule.zone.name = "Europe/Berlin";
    spec.schedule.jitter = 0.1;
    spec.watch = {{"/a", "/b"}, {"*.log"}, 1s, true};
    spec.hooks = {{"a", "b c"}, {"d"}, {"e"}, {"f"}, 5s};
    spec.heartbeat = heartbeat_spec{2s, 4, remedy::fail};
    spec.limits = {300U << 20U, 1.5, 3s, 4s, remedy::report};
    spec.ipc = true;
  });
  expect_spec_sent([](service_spec& spec) { spec.schedule.max_age = 24h; });
}

TEST(SpecJson, IsDataAndNotSentences) {
  service_spec spec;
  spec.stop.steps = {{std::vector<std::string>{"./stop.sh"}, 2s}};
  spec.backoff = default_backoff;
  const auto value = spec_value(spec);
  EXPECT_EQ(value["stop"].dump(),
            R"({"steps":[{"command":["./stop.sh"],"wait_ms":2000}],"signal":"SIGTERM","timeout_ms":10000,)"
            R"("scope":"tree","leftovers":"stop"})");
  EXPECT_EQ(value["backoff"].dump(),
            R"({"first_ms":0,"min_ms":500,"max_ms":30000,"factor":2.0,"jitter":0.1,"reset_after_ms":60000})");
  EXPECT_EQ(value["ready"].dump(), R"({"check":"none","timeout_ms":30000,"interval_ms":100})");
}

TEST(SpecJson, WhatALaterVersionSaysIsNotTakenForSomethingElse) {
  for (const auto* text :
       {R"({"ready":{"check":"telepathy"}})", R"({"health":{"check":"tcp","on_failure":"pray"}})",
        R"({"stop":{"signal":"SIGTERM","steps":[{"telegram":"stop","wait_ms":1}]}})",
        R"({"stop":{"signal":"SIGNONE"}})", R"({"restart":"sometimes"})", R"({"clean_signals":["SIGNONE"]})",
        R"({"log":{"to":"paper"}})", R"({"attributes":{"rlimits":[{"resource":"patience"}]}})",
        R"({"heartbeat":{"on_failure":"pray"}})", R"({"limits":{"on_failure":"pray"}})"}) {
    service_spec spec;
    EXPECT_FALSE(read_spec(*parse_answer(text), spec)) << text;
  }
}

TEST(SpecJson, WhatIsMissingOrOfAnotherTypeIsAsUsual) {
  service_spec spec;
  EXPECT_TRUE(read_spec(*parse_answer(R"({"after":7,"task":"yes","backoff":[],"hooks":{"before_start":"x"}})"), spec));
  EXPECT_EQ(spec, service_spec{});
}

} // namespace
} // namespace alder::wire
