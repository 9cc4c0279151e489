#include "runtime/wire/request_json.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace alder::wire {
namespace {

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

TEST(RequestReading, ReadsBackWhatClientsWrite) {
  const std::map<std::string, std::string> environment{{"A", "\xff"}, {"\xc3\x28", "x"}, {"B", "\u20ac"}};
  const auto config = parse_config_request(config_body({"/\xff/a.yaml", "name: x\n", environment}));
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->file, "/\xff/a.yaml");
  EXPECT_EQ(config->text, "name: x\n");
  EXPECT_EQ(config->environment, environment);
  const std::vector<std::string> command{"/\x80/run", "\xff\xfe", "\u20ac"};
  for (const auto restart : {std::optional<restart_kind>{}, std::optional{restart_kind::transient}}) {
    const auto service = parse_service_request(service_body({"web", command, "/\xe2\x82", environment, restart}));
    ASSERT_TRUE(service) << service.failure().message;
    EXPECT_EQ(service->name, "web");
    EXPECT_EQ(service->command, command);
    EXPECT_EQ(service->cwd, "/\xe2\x82");
    EXPECT_EQ(service->environment, environment);
    EXPECT_EQ(service->restart, restart);
  }
  const auto upgrade = parse_upgrade_request(upgrade_body({"/k\xff", "/d"}));
  ASSERT_TRUE(upgrade) << upgrade.failure().message;
  EXPECT_EQ(upgrade->keeper, "/k\xff");
  EXPECT_EQ(upgrade->daemon, "/d");
  EXPECT_EQ(*parse_scale_request(scale_body(10'000)), 10'000U);
  EXPECT_FALSE(parse_scale_request(scale_body(0)));
  EXPECT_EQ(*parse_signal_request(signal_body("usr1")), SIGUSR1);
  EXPECT_FALSE(parse_signal_request(signal_body("nothing")));
}

} // namespace
} // namespace alder::wire
