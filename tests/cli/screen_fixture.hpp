// Answers of a daemon that has seen everything, and the surroundings screens are compared in: UTC and UTF-8.
#pragma once

#include "cli/common/look.hpp"

#include "alder/event.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <string>

#include <stdlib.h>
#include <time.h>

namespace alder::test {

/// 2026-11-22 17:45:12 UTC.
inline wall_time now() {
  using namespace std::chrono_literals;
  return wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}} + 17h + 45min + 12s;
}

inline constexpr cli::look plain{.colour = false, .unicode = true, .terminal = false, .width = 0};
inline constexpr cli::look ascii{.colour = false, .unicode = false, .terminal = false, .width = 0};
inline constexpr cli::look wide{.colour = true, .unicode = true, .terminal = true, .width = 120};
inline constexpr cli::look narrow{.colour = false, .unicode = true, .terminal = true, .width = 48};

class Screens : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    ASSERT_EQ(::setenv("TZ", "UTC", 1), 0);
    ::tzset();
  }
  void TearDown() override { (void)std::setlocale(LC_CTYPE, "C"); }
};

inline constexpr const char* services_json = R"json({"schema":1,"services":[
 {"type":"service","tree":"shop","name":"db","parent":"shop","state":"running","since":"2026-11-19T13:40:00.000Z",
  "reason":"started","restart":"permanent","restarts":0,"generation":1,"pid":4120},
 {"type":"service","tree":"shop","name":"api:0","parent":"api","state":"running","since":"2026-11-22T15:34:02.000Z",
  "reason":"restarted because sibling cache exited with code 1 (rest_for_one)","restart":"permanent","restarts":1,
  "generation":2,"pid":4140,"last_exit":{"text":"code 1","code":1,"at":"2026-11-22T15:34:00.000Z"}},
 {"type":"service","tree":"shop","name":"api:1","parent":"api","state":"backoff","since":"2026-11-22T17:45:11.000Z",
  "reason":"waits for its next start because it was killed by SIGSEGV","restart":"permanent","restarts":4,
  "generation":5,"last_exit":{"text":"SIGSEGV","signal":"SIGSEGV","at":"2026-11-22T17:45:11.000Z"},
  "next_attempt":"2026-11-22T17:45:15.200Z"},
 {"type":"service","tree":"shop","name":"邮件服务","parent":"shop","state":"failed","since":"2026-11-22T17:36:00.000Z",
  "reason":"could not start: no such file or directory (ENOENT)","restart":"temporary","restarts":5,"generation":6,
  "last_exit":{"text":"code 127","code":127,"at":"2026-11-22T17:36:00.000Z"}},
 {"type":"service","tree":"jobs","name":"db","parent":"jobs","state":"stopped","since":"2026-11-22T17:00:00.000Z",
  "reason":"stopped on request","restart":"transient","restarts":0,"generation":1}]})json";

inline constexpr const char* tree_json = R"json({"schema":1,"trees":[
 {"type":"supervisor","tree":"shop","name":"shop","state":"running","since":"2026-11-19T13:40:00.000Z",
  "restart":"permanent","restarts":0,"strategy":"one_for_one","pool":false,
  "intensity":{"max":3,"window_ms":5000,"used":1,"left":2,"oldest_expires_ms":3100},"children":[
  {"type":"service","tree":"shop","name":"db","parent":"shop","state":"running","since":"2026-11-19T13:40:00.000Z",
   "restart":"permanent","restarts":0,"generation":1,"pid":4120},
  {"type":"supervisor","tree":"shop","name":"backend","parent":"shop","state":"running",
   "since":"2026-11-19T13:40:00.000Z","restart":"permanent","restarts":0,"strategy":"rest_for_one","pool":false,
   "intensity":{"max":5,"window_ms":30000,"used":5,"left":0,"oldest_expires_ms":12000},"children":[
   {"type":"service","tree":"shop","name":"cache","parent":"backend","state":"running",
    "since":"2026-11-19T13:40:00.000Z","restart":"permanent","restarts":0,"generation":1,"pid":4131},
   {"type":"service","tree":"shop","name":"api:1","parent":"backend","state":"backoff",
    "since":"2026-11-22T17:45:11.000Z","restart":"permanent","restarts":4,"generation":5,
    "last_exit":{"text":"SIGSEGV","signal":"SIGSEGV","at":"2026-11-22T17:45:11.000Z"},
    "next_attempt":"2026-11-22T17:45:15.200Z"},
   {"type":"service","tree":"shop","name":"邮件服务","parent":"backend","state":"failed",
    "since":"2026-11-22T17:36:00.000Z","reason":"exited with code 127","restart":"temporary","restarts":0,
    "generation":6}]}]},
 {"type":"supervisor","tree":"jobs","name":"jobs","state":"failed","since":"2026-11-22T17:40:00.000Z",
  "reason":"gave up: 4 restarts within 5s","restart":"permanent","restarts":0,"strategy":"one_for_all","pool":false,
  "intensity":{"max":3,"window_ms":5000,"used":4,"left":0},"children":[
  {"type":"service","tree":"jobs","name":"worker","parent":"jobs","state":"stopped","since":"2026-11-22T17:40:00.000Z",
   "reason":"stopped because its supervisor gave up","restart":"permanent","restarts":3,"generation":4}]}]})json";

inline constexpr const char* node_json = R"json({"schema":1,"type":"service","tree":"shop","name":"api:0",
 "parent":"api","state":"running","since":"2026-11-22T15:34:02.000Z",
 "reason":"restarted because sibling cache exited with code 1 (rest_for_one)","restart":"permanent","restarts":1,
 "generation":2,"pid":4140,"last_exit":{"text":"code 1","code":1,"at":"2026-11-22T15:34:00.000Z"},
 "detail":{"command":["node","server.js","two words"],"cwd":"/srv/shop",
  "environment":{"PORT":"3000","TOKEN":"s3cret"},
  "spec":{"ready":{"check":"http","host":"127.0.0.1","port":3000,"path":"/health","timeout_ms":30000},
   "stop":{"signal":"SIGTERM","timeout_ms":10000},"backoff":{"min_ms":100,"max_ms":30000,"factor":2}},"path":["shop","backend","api","api:0"],
  "strategy":"one_for_one","intensity":{"max":5,"window_ms":30000,"used":1,"left":4,"oldest_expires_ms":12000},
  "processes":[{"pid":4140,"ppid":1,"command":"node server.js"},{"pid":4151,"ppid":4140,"command":"node worker.js"},
               {"pid":4152,"ppid":4151,"command":"sh -c date"}],
  "log_out":"/var/log/alder/shop/api:0.out","log_err":"/var/log/alder/shop/api:0.err",
  "events":[{"seq":1,"at":"2026-11-22T15:34:00.100Z","kind":"exited","tree":"shop","name":"api:0",
             "text":"api:0 exited with code 1"},
            {"seq":2,"at":"2026-11-22T15:34:02.000Z","kind":"started","tree":"shop","name":"api:0",
             "text":"api:0 was started"}],
  "log":[{"at":"2026-11-22T17:45:09.120Z","tree":"shop","service":"api:0","stream":"out","line":"GET /users/1 200"},
         {"at":"2026-11-22T17:45:10.007Z","tree":"shop","service":"api:0","stream":"err","line":"slow query"}]}})json";

} // namespace alder::test
