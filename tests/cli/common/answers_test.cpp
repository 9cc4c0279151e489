#include "cli/common/answers.hpp"

#include "tests/cli/screen_fixture.hpp"

#include "runtime/wire/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace alder::cli {
namespace {

TEST(Answers, AServiceIsReadWithAllItHas) {
  const auto services = read_services(test::services_json);
  ASSERT_TRUE(services.ok());
  ASSERT_EQ(services->size(), 5U);
  const auto& api = services->at(2);
  EXPECT_EQ(api.name, "api:1");
  EXPECT_EQ(api.state, "backoff");
  EXPECT_EQ(api.pid, 0);
  ASSERT_TRUE(api.last_exit);
  EXPECT_EQ(api.last_exit->signal, "SIGSEGV");
  EXPECT_FALSE(api.last_exit->code);
  ASSERT_TRUE(api.next_attempt);
  EXPECT_EQ(*api.next_attempt - test::now(), milliseconds{3200});
}

TEST(Answers, ATreeIsReadWithItsBudgets) {
  const auto trees = read_tree(test::tree_json);
  ASSERT_TRUE(trees.ok());
  const auto& backend = trees->trees.at(0).children.at(1);
  ASSERT_TRUE(backend.intensity);
  EXPECT_EQ(backend.intensity->used, 5U);
  EXPECT_EQ(backend.intensity->oldest_expires, milliseconds{12000});
  EXPECT_EQ(backend.children.size(), 3U);
}

TEST(Answers, WhatIsMissingOrOfAnotherTypeIsEmpty) {
  const auto node = read_node(
      R"({"name":"a","pid":"12","restarts":-3,"since":"yesterday","children":{},"last_exit":7,"intensity":{"max":99999999999}})");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->pid, 0);
  EXPECT_EQ(node->restarts, 0U);
  EXPECT_FALSE(node->since);
  EXPECT_FALSE(node->last_exit);
  EXPECT_EQ(node->intensity->max, 0U);
}

TEST(Answers, NoJsonIsAnErrorAndNotACrash) {
  for (const auto* text : {"", "{", "[]", "null", "<html>", "{\"services\":[{]}", "\xff\xfe"}) {
    EXPECT_FALSE(read_services(text).ok()) << text;
    EXPECT_FALSE(read_tree(text).ok()) << text;
    EXPECT_FALSE(read_node(text).ok()) << text;
    EXPECT_FALSE(read_event_line(text).ok()) << text;
  }
}

TEST(Answers, NodesNestedTooDeeplyAreRefused) {
  std::string text = "{\"name\":\"a\"}";
  for (unsigned depth = 0; depth <= max_tree_depth; ++depth)
    text = "{\"name\":\"a\",\"children\":[" + text + "]}";
  EXPECT_FALSE(read_node(text).ok());
}

TEST(Answers, AStreamedLineIsAnEventAGapOrTheEnd) {
  const auto event = read_event_line(
      R"({"seq":812,"at":"2026-11-22T17:45:02.113Z","kind":"started","tree":"shop","name":"db","pid":7,"text":"db was started"})");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(std::get<event_view>(*event).seq, 812U);
  const auto gap = read_event_line(R"({"gap":5})");
  ASSERT_TRUE(gap.ok());
  EXPECT_EQ(std::get<gap_view>(*gap).missed, 5U);
  const auto done = read_event_line(
      R"({"done":true,"ok":false,"changed":true,"status":422,"code":"start_failed","detail":"db could not start","help":["look"]})");
  ASSERT_TRUE(done.ok());
  const auto& end = std::get<done_view>(*done);
  EXPECT_FALSE(end.ok);
  EXPECT_TRUE(end.changed);
  EXPECT_EQ(end.why.status, 422U);
  EXPECT_EQ(end.why.help, (std::vector<std::string>{"look"}));
}

TEST(Answers, AProblemKeepsItsDiagnostics) {
  const auto why = read_problem(422, R"({"status":422,"code":"invalid_config","detail":"1 error","diagnostics":[
    {"severity":"error","code":"E012","message":"m","file":"/a.yaml","line":6,"column":14,"end_column":20,"snippet":"s","help":["h"]}]})");
  ASSERT_EQ(why.diagnostics.size(), 1U);
  EXPECT_EQ(why.diagnostics[0].line, 6U);
  EXPECT_EQ(why.diagnostics[0].help, (std::vector<std::string>{"h"}));
}

TEST(Answers, ABodyThatIsNoProblemStillSaysItsStatus) {
  EXPECT_EQ(read_problem(500, "<html>").detail, "the daemon answered with status 500");
}

TEST(Answers, TheDaemonUnderstandsWhatIsSent) {
  const auto config = wire::parse_config_request(config_body("/a.yaml", "name: x\n", {{"A", "1"}}));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->file, "/a.yaml");
  EXPECT_EQ(config->environment.at("A"), "1");
  const auto service = wire::parse_service_request(service_body(
      {.name = "web", .command = {"node", "x"}, .cwd = "/srv", .environment = {}, .restart = "transient"}));
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->restart, restart_kind::transient);
  const auto plain = wire::parse_service_request(
      service_body({.name = "web", .command = {"x"}, .cwd = "/srv", .environment = {}, .restart = {}}));
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->restart);
}

TEST(Answers, WhatIsNotUtf8ArrivesAsItIs) {
  const std::map<std::string, std::string> environment{{"A", "\xff"}, {"\xc3\x28", "x"}, {"B", "\u20ac"}};
  const auto config = wire::parse_config_request(config_body("/\xff/a.yaml", "", environment));
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->environment, environment);
  EXPECT_EQ(config->file, "/\xff/a.yaml");
  const std::vector<std::string> command{"/\x80/run", "\xff\xfe", "\u20ac"};
  const auto service = wire::parse_service_request(
      service_body({.name = "web", .command = command, .cwd = "/\xe2\x82", .environment = environment, .restart = {}}));
  ASSERT_TRUE(service) << service.failure().message;
  EXPECT_EQ(service->command, command);
  EXPECT_EQ(service->cwd, "/\xe2\x82");
  EXPECT_EQ(service->environment, environment);
}

} // namespace
} // namespace alder::cli
