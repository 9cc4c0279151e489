#include "runtime/wire/json.hpp"

#include "tests/runtime/wire/examples.hpp"
#include "tests/support/json_pieces.hpp"

#include "runtime/wire/node_pieces.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

constexpr const char* moment_in_text = "2026-11-22T17:45:02.113Z";

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

TEST(NodeJson, DetailShowsTheSpecificationAndTheSurroundings) {
  auto db = service_named("db", "shop");
  auto spec = std::make_shared<service_spec>();
  spec->command = {"redis-server", "--port", "6400"};
  spec->cwd = "/srv";
  spec->environment = {{"TZ", "UTC"}};
  spec->ready = {.check = ready_tcp{"127.0.0.1", 6400}, .timeout = 10s};
  db.service = spec;
  node_detail detail;
  detail.path = {"shop", "db"};
  node_snapshot parent;
  parent.strategy = strategy::one_for_all;
  parent.intensity = {3, 5s};
  parent.restarts_used = 2;
  detail.supervisor = &parent;
  detail.processes = {{4140, 1, "redis-server"}};
  detail.log_out = "/log/db.out";
  detail.logged = {1000, 20, 3, 4};
  detail.events = {planned_restart()};
  detail.log = {{moment, "shop", "db", "out", "ready", false}};
  const auto text = test::whole(detail_pieces({&db, {}}, detail));
  EXPECT_EQ(text.rfind(R"({"schema":1,"type":"service","tree":"shop","name":"db")", 0), 0U) << text;
  for (
      const auto* part :
      {R"("detail":{"command":["redis-server","--port","6400"],"cwd":"/srv","environment":{"TZ":"UTC"},)",
       R"("ready":"tcp 127.0.0.1:6400 within 10s","stop":"SIGTERM, SIGKILL after 10s","backoff":"none","ipc":false,"path":["shop","db"],)",
       R"("strategy":"one_for_all","intensity":{"max":3,"window_ms":5000,"used":2,"left":1},"processes":[{"pid":4140,"ppid":1,"command":"redis-server"}],)",
       R"("log_out":"/log/db.out","log_err":"","logged":{"bytes":1000,"lost_bytes":20,"lost_lines":3,"rotations":4,"waiting_bytes":0},"events":[{"seq":812)",
       R"("log":[{"at":"2026-11-22T17:45:02.113Z")"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(EventJson, IsTheObjectOfTheApi) {
  EXPECT_EQ(
      event_json(planned_restart()),
      R"({"seq":812,"at":"2026-11-22T17:45:02.113Z","kind":"restart_planned","tree":"shop","name":"api:0","pid":4141,)"
      R"("generation":3,"exit":{"text":"SIGSEGV","signal":"SIGSEGV"},"delay_ms":3200,)"
      R"("cause":{"kind":"own_exit","origin":"","detail":"was killed by SIGSEGV","strategy":""},)"
      R"("text":"api:0 will be restarted in 3.2s because it was killed by SIGSEGV"})");
}

TEST(LogLineJson, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(log_line_json({moment, "shop", "api:0", "out",
                           "a\xff"
                           "b\xc3",
                           false}),
            R"({"at":"2026-11-22T17:45:02.113Z","tree":"shop","service":"api:0","stream":"out","line":"a)"
            "\xef\xbf\xbd"
            "b"
            "\xef\xbf\xbd"
            R"(","bytes":"Yf9iww=="})");
}

TEST(LogLineJson, APieceOfALineSaysSo) {
  const auto text = log_line_json({moment, "shop", "api", "err", "x", true});
  EXPECT_NE(text.find(R"("line":"x","partial":true})"), std::string::npos);
  EXPECT_EQ(gap_json(412), R"({"gap":412})");
}

TEST(ProblemJson, IsTheObjectOfTheApi) {
  EXPECT_EQ(problem_json({"no_such_node", "there is no 'cahce'", {"did you mean 'cache'?"}, {}}),
            R"({"type":"about:blank","status":404,"title":"Not Found","code":"no_such_node",)"
            R"("detail":"there is no 'cahce'","help":["did you mean 'cache'?"]})");
  EXPECT_EQ(status_title(599), "Error");
  EXPECT_EQ(status_of("needs_restart"), 409U);
  EXPECT_EQ(status_of("head_too_large"), 431U);
  EXPECT_EQ(status_of("no_such_code"), 500U);
}

TEST(ProblemJson, DiagnosticsSayWhere) {
  const diagnostic_entry d{true,
                           "E012",
                           "invalid value for 'restart'",
                           "unknown restart policy",
                           "/a.yaml",
                           6,
                           14,
                           20,
                           "restart: alwyas",
                           {"did you mean 'always'?"}};
  const std::string entry =
      R"({"severity":"error","code":"E012","message":"invalid value for 'restart'","label":"unknown restart policy",)"
      R"("file":"/a.yaml","line":6,"column":14,"end_column":20,"snippet":"restart: alwyas","help":["did you mean 'always'?"]})";
  EXPECT_EQ(validation_json(false, "", {d}), R"({"schema":1,"ok":false,"diagnostics":[)" + entry + "]}");
  EXPECT_NE(problem_json({"invalid_config", "1 error", {}, {d}}).find(R"("diagnostics":[)" + entry + "]}"),
            std::string::npos);
  EXPECT_EQ(validation_json(true, "shop", {}), R"({"schema":1,"ok":true,"tree":"shop","diagnostics":[]})");
}

TEST(OperationJson, SaysHowItEnded) {
  EXPECT_EQ(result_json({true, {}}), R"({"schema":1,"ok":true,"changed":true})");
  EXPECT_EQ(done_json({false, {}}), R"({"done":true,"ok":true,"changed":false,"status":200})");
  EXPECT_EQ(done_json({true, problem{"timed_out", "it goes on", {}, {}}}),
            R"({"done":true,"ok":false,"changed":true,"status":504,"type":"about:blank","title":"Gateway Timeout",)"
            R"("code":"timed_out","detail":"it goes on"})");
}

TEST(DaemonJson, TellsAboutItself) {
  EXPECT_EQ(ping_json("0.1.0", 123), R"({"schema":1,"pong":true,"version":"0.1.0","pid":123})");
  daemon_info info;
  info.version = "0.1.0";
  info.started_at = moment;
  info.uptime = 1500ms;
  info.counts = {{node_state::running, 4}};
  const auto text = info_json(info);
  EXPECT_NE(text.find(R"("started_at":"2026-11-22T17:45:02.113Z","uptime_ms":1500,"epoch":1,)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("counts":{"stopped":0,"starting":0,"running":4,)"), std::string::npos) << text;
  EXPECT_EQ(
      configs_json({{"shop", "/a.yaml", "name: shop\n", moment}}),
      R"({"schema":1,"trees":[{"tree":"shop","file":"/a.yaml","text":"name: shop\n","up_since":"2026-11-22T17:45:02.113Z"}]})");
}

} // namespace
} // namespace alder::wire
