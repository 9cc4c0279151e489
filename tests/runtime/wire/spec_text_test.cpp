#include "runtime/wire/spec_text.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

TEST(SpecText, NamesTheReadinessCheck) {
  EXPECT_EQ(ready_text({}), "as soon as it is running");
  EXPECT_EQ(ready_text({.check = ready_after{2s}}), "after 2s");
  EXPECT_EQ(ready_text({.check = ready_tcp{"127.0.0.1", 6400}, .timeout = 10s}), "tcp 127.0.0.1:6400 within 10s");
  EXPECT_EQ(ready_text({.check = ready_http{"::1", 80, "/health"}}), "http [::1]:80/health within 30s");
  EXPECT_EQ(ready_text({.check = ready_exec{{"test", "-e", "a b"}}, .timeout = 1500ms}),
            "exec test -e 'a b' within 1.5s");
}

TEST(SpecText, NamesTheStopSequence) {
  EXPECT_EQ(stop_text({}), "SIGTERM, SIGKILL after 10s");
  EXPECT_EQ(stop_text({.signal = SIGINT, .timeout = std::nullopt}), "SIGINT, then waits without limit");
  EXPECT_EQ(stop_text({.signal = SIGKILL}), "SIGKILL");
}

TEST(SpecText, NamesTheBackoff) {
  EXPECT_EQ(backoff_text({}), "none");
  EXPECT_EQ(backoff_text({.min = 100ms, .max = 30s}), "100ms to 30s, factor 2");
  EXPECT_EQ(backoff_text(default_backoff), "0, then 500ms to 30s, factor 2");
  EXPECT_EQ(backoff_text({.first = 2s}), "2s, then 0");
  EXPECT_EQ(backoff_text({.min = 1s, .max = 1min, .factor = 1.5}), "1s to 1m, factor 1.5");
}

TEST(SpecText, NamesWhenATaskIsDoneAndWhenItRuns) {
  service_spec task;
  task.task = true;
  EXPECT_EQ(task_text(task), "when it has exited successfully");
  task.ready.check = ready_file{"/srv/done"};
  task.task_timeout = 10min;
  EXPECT_EQ(task_text(task), "when it has exited successfully and then file /srv/done, within 10m");
  schedule_spec schedule;
  EXPECT_EQ(schedule_text(schedule), "");
  schedule.cron.emplace();
  schedule.cron->text = "0 3 * * *";
  schedule.zone.name = "Europe/Berlin";
  EXPECT_EQ(schedule_text(schedule), "cron 0 3 * * * (Europe/Berlin)");
  schedule.cron.reset();
  schedule.max_age = 24h;
  schedule.jitter = 0.1;
  EXPECT_EQ(schedule_text(schedule), "max_age 1d ± 10%");
}

TEST(SpecText, NamesExitsAndLogRulesThatAreNotAsUsual) {
  service_spec spec;
  EXPECT_EQ(exits_text(spec), "");
  EXPECT_EQ(log_rules_text(spec.log), "");
  spec.clean_exit_codes = {0, 3};
  spec.clean_signals = {SIGTERM};
  spec.fatal_exit_codes = {64, 78};
  EXPECT_EQ(exits_text(spec), "clean: 0, 3, SIGTERM; never restarted after 64, 78");
  spec.log.format = log_format::json;
  spec.log.max_files = 3;
  spec.log.pressure = log_pressure::spill;
  spec.log.spill_to = "/dev/shm/x";
  spec.log.max_rate = 100;
  EXPECT_EQ(log_rules_text(spec.log), "json, 64M x 3, spill to /dev/shm/x (64M), 100 lines per second");
}

TEST(SpecText, NamesHowItIsLaunched) {
  service_spec spec;
  EXPECT_EQ(launch_text(spec), "");
  EXPECT_EQ(stdin_text(spec), "");
  spec.umask = 022;
  spec.stdin_pipe = true;
  EXPECT_EQ(launch_text(spec), "umask 022");
  EXPECT_EQ(stdin_text(spec), "pipe");
  spec.attributes.nice = 10;
  spec.attributes.io_priority = io_priority_of(2, 7);
  spec.stdin_file = "/in";
  EXPECT_EQ(launch_text(spec), "nice 10, ionice best-effort:7, umask 022");
  EXPECT_EQ(stdin_text(spec), "/in");
}

TEST(SpecText, NamesWatchAndHooks) {
  EXPECT_EQ(watch_text({}), "");
  EXPECT_EQ(watch_text({{"/srv/src"}, {"*.log"}, 200ms, false}),
            "/srv/src except *.log, restarted 200ms after a change");
  EXPECT_EQ(watch_text({{"/a", "/b"}, {}, 1s, true}), "/a, /b, restarted 1s after a change of content");
  EXPECT_EQ(hooks_text({}), "");
  EXPECT_EQ(hooks_text({{"a", "b c"}, {}, {}, {"d"}, 5s}), "before_start a 'b c', after_exit d, each within 5s");
}

} // namespace
} // namespace alder::wire
