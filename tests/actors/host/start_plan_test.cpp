#include "actors/host/start_plan.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

namespace alder::actors {
namespace {

using namespace std::chrono_literals;

service_spec web() {
  service_spec spec;
  spec.name = "web";
  spec.command = {"web", "--all"};
  spec.cwd = "/srv";
  spec.umask = 027;
  spec.attributes.nice = 5;
  spec.attributes.who = identity{33, 33, {}, "www-data"};
  return spec;
}

keeper::launch plan(const service_spec& spec) { return launch_of({"shop/web"_node, 3}, spec, {{"A", "1"}}, 77); }

TEST(StartPlan, CarriesTheWholeStart) {
  const auto what = plan(web());
  EXPECT_EQ(what.id, "shop/web"_node);
  EXPECT_EQ(what.gen, 3u);
  EXPECT_EQ(what.start.cwd, "/srv");
  EXPECT_EQ(what.start.umask, 027u);
  EXPECT_EQ(what.start.attributes.nice, 5);
  EXPECT_EQ(what.start.environment, (std::map<std::string, std::string>{{"A", "1"}, {"ALDER_SERVICE", "web"}}));
  EXPECT_EQ(what.channels, wire::spawn_channels{});
  EXPECT_EQ(descriptors_for(web()), descriptors_of_a_process);
}

TEST(StartPlan, GivesAnIpcChannelANumberThatIsFree) {
  auto spec = web();
  spec.ipc = true;
  EXPECT_EQ(plan(spec).channels.ipc, 3);
  spec.ready.check = ready_descriptor{3};
  const auto what = plan(spec);
  EXPECT_EQ(what.channels.ready, 3);
  EXPECT_EQ(what.channels.ipc, 4);
  EXPECT_EQ(what.start.environment.at("NODE_CHANNEL_FD"), "4");
  EXPECT_EQ(descriptors_for(spec), descriptors_of_a_process + 6);
}

TEST(StartPlan, TellsThoseThatSendNoticesWhere) {
  auto spec = web();
  spec.heartbeat = heartbeat_spec{};
  spec.heartbeat->interval = 2s;
  spec.heartbeat->missed = 3;
  const auto what = plan(spec);
  EXPECT_EQ(what.channels.notify.rfind("alder-77-", 0), 0u) << what.channels.notify;
  EXPECT_NE(what.channels.notify, plan(spec).channels.notify) << "nobody guesses it";
  EXPECT_EQ(what.start.environment.at("NOTIFY_SOCKET"), "@" + what.channels.notify);
  EXPECT_EQ(what.start.environment.at("WATCHDOG_USEC"), "6000000");
  EXPECT_EQ(what.start.environment.at("ALDER_HEARTBEAT_MS"), "2000");
}

TEST(StartPlan, KeepsTheTermOfATerminalThatNamesOne) {
  auto spec = web();
  spec.terminal = true;
  EXPECT_EQ(plan(spec).start.environment.at("TERM"), "xterm");
  EXPECT_EQ(launch_of({"shop/web"_node, 1}, spec, {{"TERM", "vt100"}}, 77).start.environment.at("TERM"), "vt100");
}

TEST(StartPlan, ACommandBesideAProcessHasItsUserAndNoneOfItsLimits) {
  const auto what = launch_beside({"shop/web#check"_node, 9}, web(), {"test", "-e", "x"});
  EXPECT_EQ(what.start.command, (std::vector<std::string>{"test", "-e", "x"}));
  EXPECT_EQ(what.start.attributes.who->uid, 33u);
  EXPECT_FALSE(what.start.attributes.nice);
  EXPECT_FALSE(what.capture);
}

} // namespace
} // namespace alder::actors
