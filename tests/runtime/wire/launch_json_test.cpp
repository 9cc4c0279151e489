#include "runtime/wire/launch_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <functional>

#include <sys/resource.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

service_spec read_back(const service_spec& spec) {
  json_value value;
  write_launch(value, spec);
  service_spec back;
  EXPECT_TRUE(read_launch(*parse_answer(written(value)), back)) << written(value);
  return back;
}

void expect_launch_sent(const std::function<void(service_spec&)>& change) {
  service_spec spec;
  change(spec);
  EXPECT_EQ(read_back(spec), spec);
}

log_spec read_back(const log_spec& log) {
  log_spec back;
  EXPECT_TRUE(read_log(*parse_answer(written(log_value(log))), back)) << written(log_value(log));
  return back;
}

TEST(LaunchJson, AttributesAreReadBack) {
  expect_launch_sent([](service_spec&) {});
  expect_launch_sent([](service_spec& spec) {
    auto& a = spec.attributes;
    a.who = identity{33, 34, {4, 27}, "www-data:adm"};
    a.nice = -5;
    a.io_priority = io_priority_of(2, 7);
    a.oom_score_adj = 700;
    a.limits = {{RLIMIT_NOFILE, 99, 100}, {RLIMIT_CORE, 0, resource_limit::unlimited}, {RLIMIT_AS}};
    a.cpus = {0, 2};
    a.no_new_privileges = true;
    a.private_tmp = true;
    a.read_only_paths = {"/usr"};
    a.cgroup = cgroup_limits{300, 200, 1510, 50};
    a.left_out = {"no cgroup"};
    spec.umask = 022;
    spec.secrets = {{"KEY", "/run/key"}};
  });
  expect_launch_sent([](service_spec& spec) {
    spec.attributes.cgroup.emplace();
    spec.umask = 0;
  });
}

TEST(LaunchJson, EveryInputIsReadBack) {
  expect_launch_sent([](service_spec& spec) { spec.stdin_pipe = true; });
  expect_launch_sent([](service_spec& spec) { spec.terminal = true; });
  expect_launch_sent([](service_spec& spec) { spec.stdin_file = "/pipe"; });
}

TEST(LaunchJson, LogRulesAreReadBack) {
  EXPECT_EQ(read_back(log_spec{}), log_spec{});
  log_spec log;
  log.to = log_target::actor;
  log.out = "/o";
  log.err = "/e";
  log.merge = true;
  log.shared_as = "api";
  log.instance = 3;
  log.mode = 0640;
  log.owner = log_owner{1, 2, "web"};
  log.tag = "t";
  log.socket = "/dev/log";
  log.actor = "ship to=there";
  log.syslog = syslog_format::rfc5424;
  log.facility = 16;
  log.show = log_show::none;
  log.format = log_format::json;
  log.date_format = "YYYY";
  log.zone.emplace().name = "UTC";
  log.pressure = log_pressure::spill;
  log.spill_to = "/spill";
  log.spill_max = 1;
  log.max_rate = 2;
  log.max_size = 3;
  log.rotate_every = 4ms;
  log.max_files = 5;
  log.max_total = 6;
  log.tree_total = 7;
  log.min_free = 8;
  log.max_age = 9ms;
  log.compress = log_compression::zstd;
  EXPECT_EQ(read_back(log), log);
}

TEST(LaunchJson, SignalsHaveTheirNames) {
  EXPECT_EQ(signal_of("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_of("signal 37"), 37);
  EXPECT_EQ(signal_of("SIGNONE"), std::nullopt);
}

} // namespace
} // namespace alder::wire
