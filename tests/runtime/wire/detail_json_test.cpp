#include "runtime/wire/detail_json.hpp"

#include "tests/runtime/wire/examples.hpp"
#include "tests/support/json_pieces.hpp"

#include "runtime/wire/node_pieces.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

node_detail detail_of_db() {
  auto spec = std::make_shared<service_spec>();
  spec->command = {"redis-server", "--port", "6400"};
  spec->cwd = "/srv";
  spec->environment = {{"TZ", "UTC"}};
  spec->ready = {.check = ready_tcp{"127.0.0.1", 6400}, .timeout = 10s};
  node_detail detail;
  detail.service = spec;
  detail.path = {"shop", "db"};
  detail.strategy = "one_for_all";
  detail.intensity = intensity_view{3, 5s, 2, 1, {}};
  detail.processes = {{4140, 1, "redis-server"}};
  detail.pending = {"limits"};
  detail.log_out = "/log/db.out";
  detail.logged = {1000, 20, 3, 4};
  detail.events = {view_of(planned_restart())};
  detail.log = {{moment, "shop", "db", "out", "ready", false}};
  return detail;
}

TEST(DetailJson, ShowsTheSpecificationAndTheSurroundings) {
  const auto db = service_named("db", "shop");
  const auto text = test::whole(detail_pieces({&db, {}}, detail_of_db()));
  EXPECT_EQ(text.rfind(R"({"schema":1,"type":"service","tree":"shop","name":"db")", 0), 0U) << text;
  for (
      const auto* part :
      {R"("detail":{"command":["redis-server","--port","6400"],"cwd":"/srv","environment":{"TZ":"UTC"},)",
       R"("ready":"tcp 127.0.0.1:6400 within 10s","stop":"SIGTERM, SIGKILL after 10s","backoff":"none","ipc":false,"spec":{)",
       R"("ready":{"check":"tcp","host":"127.0.0.1","port":6400,"timeout_ms":10000,"interval_ms":100})",
       R"("path":["shop","db"],"strategy":"one_for_all","intensity":{"max":3,"window_ms":5000,"used":2,"left":1},"processes":[{"pid":4140,"ppid":1,"command":"redis-server"}],)",
       R"("log_out":"/log/db.out","log_err":"","logged":{"bytes":1000,"lost_bytes":20,"lost_lines":3,"rotations":4,"waiting_bytes":0},"events":[{"seq":812)",
       R"("log":[{"at":"2026-11-22T17:45:02.113Z")"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(DetailJson, IsReadBackAsItWasWritten) {
  const auto db = service_named("db", "shop");
  const auto text = test::whole(detail_pieces({&db, {}}, detail_of_db()));
  const auto back = read_node(text);
  ASSERT_TRUE(back) << back.failure().message;
  ASSERT_TRUE(back->detail && back->detail->service);
  EXPECT_EQ(*back->detail->service, *detail_of_db().service);
  EXPECT_EQ(back->detail->logged->lost_lines, 3U);
  EXPECT_EQ(detail_json(*back->detail), detail_json(detail_of_db()));
}

TEST(DetailJson, OfASupervisorHasNoSpecification) {
  node_detail detail;
  detail.path = {"shop"};
  EXPECT_EQ(detail_json(detail), R"({"path":["shop"],"events":[],"log":[]})");
}

TEST(DetailJson, TheValueOfASecretIsNotThere) {
  service_spec spec;
  spec.environment = {{"A", "1"}};
  spec.secrets = {{"KEY", "/run/key"}};
  node_detail detail;
  detail.service = std::make_shared<const service_spec>(spec);
  const std::string shown = R"x("environment":{"A":"1","KEY":"(secret, from /run/key)"})x";
  EXPECT_NE(detail_json(detail).find(shown), std::string::npos) << detail_json(detail);
}

TEST(DetailJson, ASpecificationOfALaterVersionIsLeftOutAndTheRestRead) {
  const auto node = read_node(R"({"name":"db","detail":{"command":["x"],"log_out":"/log/db.out",
    "spec":{"ready":{"check":"telepathy","timeout_ms":1000}}}})");
  ASSERT_TRUE(node) << node.failure().message;
  EXPECT_FALSE(node->detail->service);
  EXPECT_EQ(node->detail->log_out, "/log/db.out");
}

} // namespace
} // namespace alder::wire
