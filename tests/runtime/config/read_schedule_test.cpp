#include "runtime/config/read_schedule.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

namespace alder::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// A machine in whose database "Mars/Base" is damaged and nothing else is there.
std::shared_ptr<machine> with_zones() {
  auto here = std::make_shared<machine>();
  here->zone_data = [](const std::string& name) -> result<std::string> {
    if (name == "Mars/Base") return std::string{"dust"};
    return error{error_kind::not_found, "no such file or directory (ENOENT)", 2};
  };
  return here;
}

loaded load_there(const std::string& keys) {
  config_file file{"children: [{service: web, " + keys + "}]"};
  file.from.here = with_zones();
  return file.load();
}

TEST(ReadSchedule, AServiceIsRestarted) {
  const auto web = service_with("command: x, schedule: { cron: '0 3 * * *', zone: UTC, max_age: 24h, jitter: 10% }");
  ASSERT_TRUE(web.schedule.cron);
  EXPECT_EQ(web.schedule.cron->text, "0 3 * * *");
  EXPECT_EQ(web.schedule.zone.name, "UTC");
  EXPECT_EQ(web.schedule.max_age, 24h);
  EXPECT_DOUBLE_EQ(web.schedule.jitter, 0.1);
  EXPECT_FALSE(web.waits_for_schedule());
}

TEST(ReadSchedule, ATaskWaitsForItsTime) {
  const auto job = service_with("command: x, task: true, task_timeout: 10m, schedule: { cron: '@daily' }");
  EXPECT_TRUE(job.waits_for_schedule());
  EXPECT_EQ(job.task_timeout, 10min);
  EXPECT_EQ(job.restart, restart_kind::transient);
}

TEST(ReadSchedule, AMachineWithoutALocalZoneRunsOnUtc) {
  const auto l = load_there("command: x, schedule: { cron: '@daily' }");
  EXPECT_EQ(service_at(tree_of(l), 0).schedule.zone.name, "UTC");
}

TEST(ReadSchedule, MistakesAreTold) {
  EXPECT_THAT(places(load_service("command: x, schedule: { cron: '61 * * * *' }")), ElementsAre("E028 1:57"));
  EXPECT_THAT(places(load_service("command: x, schedule: {}")), ElementsAre("E015 1:39"));
  EXPECT_THAT(places(load_there("command: x, schedule: { cron: '@daily', zone: Nowhere }")), ElementsAre("E028 1:73"));
  EXPECT_THAT(places(load_there("command: x, schedule: { cron: '@daily', zone: ../../etc/passwd }")),
              ElementsAre("E028 1:73"));
  const auto damaged = load_there("command: x, schedule: { cron: '@daily', zone: Mars/Base }");
  ASSERT_EQ(damaged.diagnostics.size(), 1u);
  EXPECT_THAT(damaged.diagnostics[0].label, HasSubstr("not a time zone file"));
}

TEST(ReadSchedule, WhatDoesNothingIsWarnedOf) {
  EXPECT_THAT(places(load_service("command: x, schedule: { max_age: 1h, zone: UTC }")), ElementsAre("W006 1:64"));
  EXPECT_THAT(places(load_service("command: x, schedule: { cron: '@daily', jitter: 5% }")), ElementsAre("W006 1:67"));
  EXPECT_THAT(places(load_service("command: x, task_timeout: 1h")), ElementsAre("W006 1:39"));
  EXPECT_THAT(places(load_service("command: x, task: true, heartbeat: {}")), ElementsAre("W006 1:51"));
}

TEST(ReadSchedule, ATaskIsNotRestartedForever) {
  EXPECT_THAT(places(load_service("command: x, task: true, restart: permanent")), ElementsAre("E021 1:60"));
  EXPECT_THAT(places(load_service("command: x, task: true, schedule: { max_age: 1h }")), ElementsAre("E021 1:63"));
  EXPECT_THAT(places(load_service("command: x, task: true, restart: temporary, schedule: { cron: '@daily' }")),
              ElementsAre("E021 1:60"));
  EXPECT_THAT(places(load_service("command: x, task: true, ready: { notify: true }")), ElementsAre("E021 1:58"));
  EXPECT_EQ(service_with("command: x, task: true, restart: temporary").restart, restart_kind::temporary);
}

} // namespace
} // namespace alder::config
