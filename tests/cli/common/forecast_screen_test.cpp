#include "cli/common/forecast_screen.hpp"

#include <gmock/gmock.h>

namespace alder::cli {
namespace {

using namespace std::chrono_literals;
using policy::crash_forecast;
using ::testing::HasSubstr;

crash_forecast worker() {
  crash_forecast one;
  one.service = "worker";
  one.supervisor = "shop";
  one.delays = {0ms, 500ms, 1000ms, 30000ms, 30000ms};
  one.goes_on = true;
  return one;
}

TEST(ForecastScreen, TellsOfDelaysThatGoOn) {
  EXPECT_THAT(
      forecast_screen({}, {worker()}),
      HasSubstr("  worker\n    is restarted immediately, then after 500ms, 1s, then every 30s; no supervisor gives up "
                "and no other service is affected\n"));
}

TEST(ForecastScreen, TellsWhoGivesUpAndWhatGoesWithIt) {
  auto one = worker();
  one.goes_on = false;
  one.delays = {0ms, 0ms, 0ms};
  one.losses = {{"jobs", 0ms, true, {"worker"}}, {"shop", 2500ms, true, {"db", "worker"}}};
  one.tree_fails = true;
  EXPECT_THAT(forecast_screen({}, {one}),
              HasSubstr("is restarted immediately, 3 times; jobs gives up immediately, stopping worker; jobs is then "
                        "restarted, over and over again; shop gives up after 2.5s: the tree fails, stopping db, "
                        "worker\n"));
}

TEST(ForecastScreen, ThatItsSupervisorGivesUpEndsTheDelays) {
  auto one = worker(); // and all goes on, for that supervisor is restarted
  one.delays = {100ms, 200ms};
  one.losses = {{"jobs", 300ms, true, {"worker"}}};
  EXPECT_THAT(forecast_screen({}, {one}), HasSubstr("is restarted after 100ms, 200ms; jobs gives up after 300ms"));
}

TEST(ForecastScreen, TellsWhatStaysDown) {
  auto one = worker();
  one.goes_on = false;
  one.delays.clear();
  one.stays_down = {"worker"};
  EXPECT_THAT(forecast_screen({}, {one}), HasSubstr("is not restarted; no supervisor gives up"));
  one.delays = {0ms};
  EXPECT_THAT(forecast_screen({}, {one}), HasSubstr("then it fails and stays down"));
  one.stays_down = {"jobs"};
  one.losses = {{"jobs", 0ms, true, {"worker"}}};
  EXPECT_THAT(forecast_screen({}, {one}), HasSubstr("; jobs stays down and does not escalate"));
}

TEST(ForecastScreen, ThoseWhoseFateIsTheSameAreToldTogether) {
  auto other = worker();
  other.service = "mailer";
  EXPECT_THAT(forecast_screen({}, {worker(), other}), HasSubstr("  worker, mailer (each)\n"));
}

TEST(ForecastScreen, AlsoWhenAnotherStandsBetweenThem) {
  auto other = worker();
  other.service = "mailer";
  auto between = worker();
  between.service = "db";
  between.delays = {1s};
  EXPECT_THAT(forecast_screen({}, {worker(), between, other}), HasSubstr("  worker, mailer (each)\n"));
}

TEST(ForecastScreen, OfAPoolItTellsWhatOneDoesAndAllTogether) {
  auto all = worker();
  all.goes_on = false;
  all.delays = {0ms, 500ms};
  all.losses = {{"worker", 3500ms, true, {"worker"}}};
  all.at_once = {5, 45, 20, 60s};
  EXPECT_THAT(
      forecast_screen({}, {worker(), all}),
      HasSubstr(
          "  worker\n    one instance alone: is restarted immediately, then after 500ms, 1s, then every 30s; "
          "no supervisor gives up and no other service is affected\n    all 5 instances at once: each is restarted "
          "immediately, then after 500ms; worker gives up after 3.5s; worker is then restarted, over and over "
          "again; that makes up to 45 restarts in 1m, where the pool's intensity allows 20\n"));
  EXPECT_THAT(forecast_json({all}),
              HasSubstr(R"("at_once":{"instances":5,"restarts":45,"allowed":20,"period_ms":60000})"));
}

TEST(ForecastScreen, IsDataForPrograms) {
  EXPECT_EQ(forecast_json({worker()}),
            R"({"schema":1,"forecasts":[{"service":"worker","supervisor":"shop","delays_ms":[0,500,1000,30000,30000],)"
            R"("goes_on":true,"restarted_along":[],"losses":[],"stays_down":[],"tree_fails":false}]})"
            "\n");
}

} // namespace
} // namespace alder::cli
