#include "runtime/wire/daemon_json.hpp"

#include "tests/runtime/wire/examples.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

TEST(DaemonJson, TellsAboutItself) {
  EXPECT_EQ(ping_json({"0.1.0", 123}), R"({"schema":1,"pong":true,"version":"0.1.0","pid":123})");
  daemon_info info;
  info.version = "0.1.0";
  info.started_at = moment;
  info.uptime = 1500ms;
  info.counts = {{"running", 4}};
  const auto text = info_json(info);
  EXPECT_NE(text.find(R"("started_at":"2026-11-22T17:45:02.113Z","uptime_ms":1500,"epoch":1,)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("counts":{"stopped":0,"starting":0,"running":4,)"), std::string::npos) << text;
  EXPECT_EQ(
      configs_json({{"shop", "/a.yaml", "name: shop\n", moment}}),
      R"({"schema":1,"trees":[{"tree":"shop","file":"/a.yaml","text":"name: shop\n","up_since":"2026-11-22T17:45:02.113Z"}]})");
}

TEST(DaemonJson, IsReadBackAsItWasWritten) {
  EXPECT_EQ(read_pong(ping_json({"0.1.0", 123}))->pid, 123);
  EXPECT_FALSE(read_pong(R"({"version":"0.1.0"})"));
  const daemon_info info{"0.1.0", 1, 2, moment, 1500ms, 3, "/s", "/d", "/l", 2, {{"running", 4}, {"failed", 1}}, {"n"}};
  const auto back = read_info(info_json(info));
  ASSERT_TRUE(back) << back.failure().message;
  EXPECT_EQ(info_json(*back), info_json(info));
  EXPECT_EQ(back->counts.at("running"), 4U);
  EXPECT_EQ(back->uptime, 1500ms);
  EXPECT_EQ(back->notices, info.notices);
  const std::vector<tree_config> trees{{"shop", "/a.yaml", "name: shop\n", moment}, {"jobs", "", "", {}}};
  EXPECT_EQ(configs_json(*read_configs(configs_json(trees))), configs_json(trees));
}

} // namespace
} // namespace alder::wire
