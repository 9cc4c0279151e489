#include "runtime/wire/node_json.hpp"

#include "tests/runtime/wire/examples.hpp"

#include "runtime/wire/node_pieces.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

constexpr const char* moment_in_text = "2026-11-22T17:45:02.113Z";

node_snapshot full_service() {
  auto node = service_named("api:0", "api");
  node.restarts = 2;
  node.last_exit = last_exit{exit_status::signal(SIGSEGV), moment};
  node.status = "serving";
  node.reloading = true;
  node.health = "3 checks failed";
  node.metrics = {{"lag", {1.5, "ms"}}, {"requests", {42, ""}}};
  node.usage = usage_snapshot{0.125, 4096, 2, 9, 31, 2048};
  node.state = node_state::backoff;
  node.next_attempt = moment;
  node.next_run = moment;
  return node;
}

TEST(NodeJson, AServiceHasTheFieldsOfTheApi) {
  auto node = service_named("api:0", "api");
  node.restarts = 2;
  node.last_exit = last_exit{exit_status::code(1), moment};
  EXPECT_EQ(node_json(node),
            R"({"type":"service","tree":"shop","name":"api:0","parent":"api","state":"running","since":")" +
                std::string{moment_in_text} +
                R"(","reason":"started","restart":"permanent","restarts":2,"generation":3,"pid":4140,)" +
                R"("last_exit":{"text":"code 1","code":1,"at":")" + moment_in_text + R"("}})");
}

TEST(NodeJson, WhatHasNothingToSayIsAbsent) {
  auto node = service_named("db", "");
  node.pid = 0;
  node.next_attempt = moment; // of an earlier backoff
  const auto text = node_json(node);
  for (const auto* field : {"parent", "pid", "last_exit", "next_attempt"})
    EXPECT_EQ(text.find('"' + std::string{field} + '"'), std::string::npos) << field;
}

TEST(NodeJson, AServiceThatIsDownSaysWhenItsSupervisorIsTriedAgain) {
  auto node = service_named("pool:0", "pool");
  node.next_attempt = moment;
  for (const auto state : {node_state::stopped, node_state::failed}) {
    node.state = state;
    EXPECT_NE(node_json(node).find("next_attempt"), std::string::npos);
  }
}

TEST(NodeJson, BackoffSaysWhenTheNextAttemptIs) {
  auto node = service_named("db", "shop");
  node.state = node_state::backoff;
  node.next_attempt = moment;
  node.last_exit = last_exit{exit_status::signal(SIGSEGV), moment};
  const auto text = node_json(node);
  EXPECT_NE(text.find(R"("next_attempt":"2026-11-22T17:45:02.113Z")"), std::string::npos);
  EXPECT_NE(text.find(R"("last_exit":{"text":"SIGSEGV","signal":"SIGSEGV","at":)"), std::string::npos);
}

TEST(NodeJson, IsReadBackAsItWasWritten) {
  auto supervisor = service_named("api", "shop");
  supervisor.what = node_snapshot::kind::supervisor;
  supervisor.strategy = strategy::rest_for_one;
  supervisor.intensity = {5, 30s};
  supervisor.restarts_used = 4;
  supervisor.oldest_expires = 12s;
  supervisor.pool = true;
  supervisor.generation = 2;
  for (const auto& node : {full_service(), service_named("db", ""), supervisor}) {
    const auto text = node_json(node);
    const auto back = read_node(text);
    ASSERT_TRUE(back) << back.failure().message;
    EXPECT_EQ(written(*back), text);
  }
  const auto back = read_node(node_json(full_service()));
  EXPECT_EQ(back->metrics.at("lag"), (program_metric{1.5, "ms"}));
  EXPECT_EQ(back->usage->proportional_memory, 2048U);
  EXPECT_EQ(back->last_exit->signal, "SIGSEGV");
  EXPECT_EQ(back->next_attempt, moment);
  EXPECT_EQ(back->generation, 3U);
  EXPECT_EQ(read_node(node_json(supervisor))->generation, 2U);
}

} // namespace
} // namespace alder::wire
