#include "runtime/policy/crash_forecast.hpp"

#include "runtime/policy/restart_decision.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

namespace alder::policy {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<service_spec> service(std::string name, backoff delay = default_backoff) {
  auto spec = std::make_shared<service_spec>();
  spec->name = std::move(name);
  spec->backoff = delay;
  return spec;
}

supervisor_spec supervisor(std::string name, std::vector<child_spec> children, intensity most = default_intensity) {
  supervisor_spec spec;
  spec.name = std::move(name);
  spec.intensity = most;
  spec.backoff = default_backoff;
  spec.children = std::move(children);
  return spec;
}

child_spec nested(supervisor_spec spec) { return std::make_shared<const supervisor_spec>(std::move(spec)); }

TEST(CrashForecast, WithTheDefaultsOneServiceIsRestartedForEverAndItsSiblingsGoOn) {
  const auto told = forecast_crashes(supervisor("shop", {service("db"), service("web")}), "web");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].service, "web");
  EXPECT_TRUE(told[0].goes_on);
  EXPECT_THAT(told[0].losses, IsEmpty());
  EXPECT_THAT(told[0].along, IsEmpty());
  const std::vector<milliseconds> begin(told[0].delays.begin(), told[0].delays.begin() + 9);
  EXPECT_THAT(begin, ElementsAre(0ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms));
  EXPECT_EQ(told[0].delays.back(), 30s);
  EXPECT_GT(told[0].delays.size(), 100u) << "an hour of them";
}

TEST(CrashForecast, WithoutABackoffItIsOtpsRule) {
  const auto told = forecast_crashes(supervisor("shop", {service("db"), service("web", backoff{})}, {3, 5s}), "web");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0].delays, ElementsAre(0ms, 0ms, 0ms));
  EXPECT_FALSE(told[0].goes_on);
  EXPECT_TRUE(told[0].tree_fails);
  ASSERT_EQ(told[0].losses.size(), 1u);
  EXPECT_EQ(told[0].losses[0], (supervisor_loss{"shop", 0ms, true, {"db", "web"}}));
}

TEST(CrashForecast, AFixedDelayIsAddedUpUntilItsSupervisorGivesUp) {
  backoff second{.min = 1s, .max = 1s, .factor = 1, .jitter = 0};
  const auto told = forecast_crashes(supervisor("shop", {service("web", second)}, {3, 5s}));
  ASSERT_EQ(told.at(0).losses.size(), 1u);
  EXPECT_EQ(told[0].losses[0].after, 3s);
}

TEST(CrashForecast, EscalatesFromSupervisorToSupervisor) {
  auto inner = supervisor("jobs", {service("worker", backoff{}), service("mailer")}, {2, 5s});
  inner.backoff = {};
  const auto told = forecast_crashes(supervisor("shop", {service("db"), nested(inner)}, {1, 5s}), "worker");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].supervisor, "jobs");
  ASSERT_EQ(told[0].losses.size(), 2u);
  EXPECT_EQ(told[0].losses[0].supervisor, "jobs");
  EXPECT_THAT(told[0].losses[0].services, ElementsAre("worker", "mailer"));
  EXPECT_EQ(told[0].losses[1].supervisor, "shop");
  EXPECT_THAT(told[0].losses[1].services, ElementsAre("db", "worker", "mailer"));
  EXPECT_TRUE(told[0].tree_fails);
}

TEST(CrashForecast, ASupervisorThatGivesUpAgainAndAgainHasABackoffToo) {
  const auto inner = supervisor("jobs", {service("worker", backoff{})}, {2, 5s});
  const auto told = forecast_crashes(supervisor("shop", {service("db"), nested(inner)}), "worker");
  EXPECT_EQ(told.at(0).losses.size(), 1u);
  EXPECT_TRUE(told[0].goes_on);
  EXPECT_FALSE(told[0].tree_fails);
}

TEST(CrashForecast, ATransientSupervisorThatGaveUpStaysDown) {
  auto inner = supervisor("jobs", {service("worker", backoff{})}, {2, 5s});
  inner.restart = restart_kind::transient;
  const auto told = forecast_crashes(supervisor("shop", {nested(inner)}), "worker");
  EXPECT_THAT(told.at(0).stays_down, ElementsAre("jobs"));
  EXPECT_FALSE(told[0].goes_on);
  EXPECT_FALSE(told[0].tree_fails);
}

TEST(CrashForecast, KnowsWhatItsLimitsAndItsRestartKindMean) {
  auto limited = service("limited");
  limited->restart_limit.max_unstable = 3;
  auto once = service("once");
  once->restart = restart_kind::temporary;
  const auto told = forecast_crashes(supervisor("shop", {limited, once}));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[0].delays, ElementsAre(0ms, 500ms, 1000ms)) << "it had run for long when it first crashed";
  EXPECT_THAT(told[0].stays_down, ElementsAre("limited"));
  EXPECT_THAT(told[1].delays, IsEmpty());
  EXPECT_THAT(told[1].stays_down, ElementsAre("once"));
}

TEST(CrashForecast, ASignificantEndShutsItsSupervisorDown) {
  auto job = service("job");
  job->restart = restart_kind::temporary;
  job->significant = true;
  auto root = supervisor("shop", {job, service("helper")});
  root.auto_shutdown = auto_shutdown::any_significant;
  const auto told = forecast_crashes(root, "job");
  ASSERT_EQ(told.at(0).losses.size(), 1u);
  EXPECT_FALSE(told[0].losses[0].gave_up);
}

TEST(CrashForecast, NamesWhatARestartTakesAlong) {
  auto root = supervisor("shop", {service("db"), service("api"), nested(supervisor("more", {service("web")}))});
  root.strategy = strategy::rest_for_one;
  EXPECT_THAT(forecast_crashes(root, "db").at(0).along, ElementsAre("api", "web"));
  EXPECT_THAT(forecast_crashes(root, "api").at(0).along, ElementsAre("web"));
  root.strategy = strategy::one_for_all;
  EXPECT_THAT(forecast_crashes(root, "api").at(0).along, ElementsAre("db", "web"));
  EXPECT_TRUE(forecast_crashes(root, "api").at(0).goes_on);
}

TEST(CrashForecast, APoolIsToldOfOnceByItsName) {
  auto pool = supervisor("web", {service("web:0"), service("web:1")});
  pool.pool = true;
  pool.strategy = strategy::simple_one_for_one;
  const auto told = forecast_crashes(supervisor("shop", {nested(pool)}));
  ASSERT_EQ(told.size(), 2u) << "one instance alone, and all at once";
  EXPECT_EQ(told[0].service, "web");
  EXPECT_TRUE(told[0].goes_on);
  EXPECT_EQ(told[0].at_once.instances, 0u);
  EXPECT_EQ(told[1].service, "web");
  EXPECT_EQ(told[1].at_once.instances, 2u);
  EXPECT_EQ(forecast_crashes(supervisor("shop", {nested(pool)}), "web:1").size(), 2u);
}

supervisor_spec pool_of(unsigned instances, intensity most, backoff delay = default_backoff) {
  std::vector<child_spec> children;
  for (unsigned i = 0; i < instances; ++i)
    children.emplace_back(service("web:" + std::to_string(i), delay));
  auto pool = supervisor("web", std::move(children), most);
  pool.pool = true;
  pool.strategy = strategy::simple_one_for_one;
  return pool;
}

TEST(CrashForecast, APoolWhoseInstancesCrashTogetherGivesUpWhereOneAloneWouldNot) {
  const auto told = forecast_crashes(supervisor("shop", {service("db"), nested(pool_of(5, {20, 60s}))}), "web");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[0].losses, IsEmpty());
  const auto& all = told[1];
  ASSERT_FALSE(all.losses.empty());
  // Four crashes of each are answered with a restart, at 0, 0, 0.5 and 1.5 s; the 21st is the next one of the first.
  EXPECT_EQ(all.losses[0], (supervisor_loss{"web", 3500ms, true, {"web"}}));
  EXPECT_THAT(all.delays, ElementsAre(0ms, 500ms, 1000ms, 2000ms));
  EXPECT_EQ(all.at_once.restarts, 45u) << "nine of each within a minute, when jitter makes the delays short";
  EXPECT_EQ(all.at_once.most_restarts, 20u);
  EXPECT_EQ(all.at_once.period, 60s);
}

TEST(CrashForecast, APoolWithEnoughIntensityGoesOn) {
  const auto told = forecast_crashes(supervisor("shop", {nested(pool_of(5, {40, 60s}))}));
  EXPECT_TRUE(told.at(1).goes_on);
  EXPECT_THAT(told.at(1).losses, IsEmpty());
  EXPECT_FALSE(forecast_crashes(supervisor("shop", {nested(pool_of(5, {39, 60s}))})).at(1).losses.empty());
}

TEST(CrashForecast, APoolWithoutABackoffRestartsWithoutAPause) {
  const auto told = forecast_crashes(supervisor("shop", {nested(pool_of(2, {20, 60s}, backoff{}))}));
  EXPECT_EQ(told.at(1).at_once.restarts, std::nullopt);
}

TEST(CrashForecast, APoolOfOneHasNobodyToCrashWith) {
  EXPECT_EQ(forecast_crashes(supervisor("shop", {nested(pool_of(1, {20, 60s}))})).size(), 1u);
}

TEST(CrashForecast, TheLargestPoolIsPlayedToo) {
  const auto told = forecast_crashes(supervisor("shop", {nested(pool_of(10000, {20, 60s}))}));
  EXPECT_EQ(told.at(1).losses.at(0).after, 0ms);
}

TEST(CrashForecast, TheNameOfASupervisorStandsForAllBelowIt) {
  const auto root = supervisor("shop", {service("db"), nested(supervisor("jobs", {service("a"), service("b")}))});
  EXPECT_EQ(forecast_crashes(root, "jobs").size(), 2u);
  EXPECT_EQ(forecast_crashes(root, "shop").size(), 3u);
  EXPECT_THAT(forecast_crashes(root, "nobody"), IsEmpty());
}

TEST(CrashForecast, ManyThatAreAlikeArePlayedOnce) {
  std::vector<child_spec> children;
  for (int i = 0; i < 3000; ++i)
    children.emplace_back(service("s" + std::to_string(i)));
  EXPECT_EQ(forecast_crashes(supervisor("shop", std::move(children))).size(), 3000u);
}

TEST(CrashForecast, RestartsWithoutADelayAndALimitEndAllTheSame) {
  const auto told = forecast_crashes(supervisor("shop", {service("web", backoff{})}, {1'000'000, 1ms}));
  EXPECT_TRUE(told.at(0).goes_on);
}

// -- the arithmetic behind the defaults (docs/decisions/0003-defaults.md)

/// The moments at which a service that crashes `after` its start is restarted within an hour; jitter at its worst.
std::vector<milliseconds> restarts(milliseconds after, double random) {
  std::vector<milliseconds> moments;
  milliseconds now = after;
  for (unsigned attempt = 0; now < 1h; ++attempt) {
    moments.push_back(now);
    now += backoff_delay(default_backoff, attempt, random) + after;
  }
  return moments;
}

/// The largest number of restarts in any window of the default intensity.
std::size_t most_in_a_window(std::vector<milliseconds> moments) {
  std::sort(moments.begin(), moments.end());
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < moments.size(); ++last) {
    while (moments[last] - moments[first] > default_intensity.within)
      ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

std::size_t most_of_together(unsigned services, milliseconds after, double random) {
  std::vector<milliseconds> all;
  for (unsigned i = 0; i < services; ++i) {
    const auto one = restarts(after, random);
    all.insert(all.end(), one.begin(), one.end());
  }
  return most_in_a_window(std::move(all));
}

TEST(Defaults, OneOrTwoThatKeepCrashingNeverUseTheIntensityUp) {
  for (const double random : {0.0, 0.5, 0.999}) {
    for (const auto after : {0ms, 10ms, 500ms, 2000ms, 59000ms}) {
      EXPECT_LE(most_of_together(1, after, random), 9u);
      EXPECT_LE(most_of_together(2, after, random), default_intensity.max_restarts);
    }
  }
}

TEST(Defaults, ThreeThatCrashTogetherDo) {
  for (const double random : {0.0, 0.5, 0.999}) {
    for (const auto after : {0ms, 500ms, 5000ms})
      EXPECT_GT(most_of_together(3, after, random), default_intensity.max_restarts) << after.count();
  }
}

TEST(Defaults, AServiceThatRecoversBetweenItsCrashesUsesLessOfIt) {
  std::vector<milliseconds> moments; // runs just long enough to begin with the first delay again
  milliseconds now{0};
  for (unsigned crash = 0; now < 1h; ++crash) {
    for (unsigned attempt = 0; attempt <= crash % 8; ++attempt) {
      moments.push_back(now);
      now += backoff_delay(default_backoff, attempt, 0.0);
    }
    now += default_backoff.reset_after;
  }
  EXPECT_LE(most_in_a_window(moments), 9u);
}

} // namespace
} // namespace alder::policy
