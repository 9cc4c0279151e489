#include "tests/runtime/wire/examples.hpp"

#include "runtime/wire/json.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

void expect_same(const event& a, const event& b) {
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.tree, b.tree);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.pid, b.pid);
  EXPECT_EQ(a.generation, b.generation);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.delay, b.delay);
  EXPECT_EQ(a.cause, b.cause);
}

TEST(EventReading, ReadsBackWhatItWrites) {
  for (int k = 0; k <= static_cast<int>(event_kind::warning); ++k) {
    for (int c = 0; c <= static_cast<int>(cause::kind::adopted); ++c) {
      auto e = planned_restart();
      e.kind = static_cast<event_kind>(k);
      e.cause = {static_cast<cause::kind>(c), "cache", "line\nend \"quoted\" \xc3\xa9", "one_for_all"};
      const auto back = parse_event(event_json(e));
      ASSERT_TRUE(back) << back.failure().message;
      expect_same(*back, e);
    }
  }
}

TEST(EventReading, ReadsBackEveryWayToEnd) {
  for (const auto& status :
       {std::optional<exit_status>{}, std::optional{exit_status{}}, std::optional{exit_status::code(0)},
        std::optional{exit_status::code(255)}, std::optional{exit_status::signal(SIGKILL)},
        std::optional{exit_status::signal(SIGRTMIN + 1)}}) {
    event e;
    e.status = status;
    const auto back = parse_event(event_json(e));
    ASSERT_TRUE(back) << back.failure().message;
    expect_same(*back, e);
  }
}

TEST(EventReading, IgnoresUnknownFields) {
  const auto e = parse_event(
      R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","colour":["red"],"cause":{"kind":"request","x":1}})");
  ASSERT_TRUE(e) << e.failure().message;
  EXPECT_EQ(e->cause.what, cause::kind::request);
}

TEST(EventReading, RefusesWhatCannotBe) {
  for (const auto* text :
       {"", "{", "[]", "7", R"({"seq":1})", R"({"seq":1,"at":"2026-11-22T17:45:02Z"})",
        R"({"at":"2026-11-22T17:45:02Z","kind":"warning"})",
        R"({"seq":-1,"at":"2026-11-22T17:45:02Z","kind":"warning"})", R"({"seq":1,"at":"today","kind":"warning"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"party"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","pid":4294967296})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","pid":"1"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","exit":3})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","exit":{"signal":"SIGNOTHING"}})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","cause":{"kind":"mood"}})"}) {
    const auto e = parse_event(text);
    ASSERT_FALSE(e) << text;
    EXPECT_EQ(e.failure().kind, error_kind::invalid_input) << text;
  }
}

TEST(EventReading, NestingIsCapped) {
  const auto nested = [](std::size_t depth) {
    return R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","x":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_event(nested(31)));
  EXPECT_FALSE(parse_event(nested(32)));
  EXPECT_FALSE(parse_event(std::string(1'000'000, '[')));
  EXPECT_TRUE(parse_event(
      R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","x":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})"));
}

TEST(RequestReading, ReadsAConfiguration) {
  const auto r = parse_config_request(R"({"file":"/a.yaml","text":"x: 1","environment":{"A":"1","B":""}})");
  ASSERT_TRUE(r) << r.failure().message;
  EXPECT_EQ(r->file, "/a.yaml");
  EXPECT_EQ(r->text, "x: 1");
  EXPECT_EQ(r->environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", ""}}));
}

TEST(RequestReading, ReadsAService) {
  const auto r = parse_service_request(
      R"({"name":"web","command":["node",""],"cwd":"/s","environment":{},"restart":"on-failure"})");
  ASSERT_TRUE(r) << r.failure().message;
  EXPECT_EQ(r->command, (std::vector<std::string>{"node", ""}));
  EXPECT_EQ(r->restart, restart_kind::transient);
  EXPECT_FALSE(parse_service_request(R"({"name":"web","command":["node"],"cwd":"/s","environment":{}})")->restart);
}

TEST(RequestReading, SaysWhichFieldIsWrongAndWhatIsExpected) {
  const auto config = [](const char* body) { return parse_config_request(body).failure().message; };
  EXPECT_EQ(config(R"({"text":"","environment":{}})"), "'file' is missing: expected a string");
  EXPECT_EQ(config(R"({"file":"a.yaml","text":"","environment":{}})"),
            "'file': expected an absolute path, got 'a.yaml'");
  EXPECT_EQ(config(R"({"file":"","text":"","environment":{}})"), "'file' is empty");
  EXPECT_EQ(config(R"({"file":"/a","text":7,"environment":{}})"), "'text': expected a string, got number");
  EXPECT_EQ(config(R"({"file":"/a","text":"","environment":[]})"),
            "'environment': expected an object of strings, got array");
  EXPECT_EQ(config(R"({"file":"/a","text":"","environment":{"A":1}})"),
            "'environment.A': expected a string, got number");
  EXPECT_EQ(config(R"({"file":"/a","text":"","environment":{"A=B":""}})"),
            "'environment': 'A=B' is not a valid variable name");
  EXPECT_EQ(config(R"({"fil":"/a","text":"","environment":{}})"), "'fil' is not a known field: did you mean 'file'?");
  EXPECT_EQ(config("[1]"), "expected a JSON object, got array");
  EXPECT_EQ(config("{").rfind("not JSON: parse error at line 1, column 2", 0), 0U) << config("{");
  const auto service = [](const char* body) { return parse_service_request(body).failure().message; };
  EXPECT_EQ(service(R"({"name":"w","command":"ls","cwd":"/","environment":{}})"),
            "'command': expected a list of strings, got string");
  EXPECT_EQ(service(R"({"name":"w","command":[],"cwd":"/","environment":{}})"), "'command': the program is missing");
  EXPECT_EQ(service(R"({"name":"w","command":["a",1],"cwd":"/","environment":{}})"),
            "'command[1]': expected a string, got number");
  EXPECT_EQ(service(R"({"name":"w","command":["a\u0000b"],"cwd":"/","environment":{}})"),
            "'command[0]' contains a NUL byte");
  EXPECT_EQ(service(R"({"name":"w","command":["a","\u0000b"],"cwd":"/","environment":{}})"),
            "'command[1]': expected base64 after the NUL");
  EXPECT_EQ(service(R"({"name":"w","command":["a","\u0000YQBi"],"cwd":"/","environment":{}})"),
            "'command[1]' contains a NUL byte")
      << "not by this way either";
  EXPECT_EQ(service(R"({"name":"w","command":["a"],"cwd":"/","environment":{},"restart":"alwyas"})"),
            "'restart': expected permanent, transient or temporary, got 'alwyas'");
}

} // namespace
} // namespace alder::wire
