#include "runtime/policy/restart_decision.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace alder::policy {
namespace {

using action = restart_verdict::action;
using kind = exit_reason::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr time_point at(int second) { return time_point{seconds{second}}; }

restart_request asked(restart_kind restart, std::optional<kind> exit) {
  restart_request request;
  request.restart = restart;
  if (exit) request.exit = exit_reason{*exit, {}, {}, false};
  request.now = at(100);
  return request;
}

action decided(restart_kind restart, std::optional<kind> exit) { return decide(asked(restart, exit)).what; }

TEST(RestartDecision, PermanentIsAlwaysRestarted) {
  for (const auto exit : {kind::normal, kind::shutdown, kind::shutdown_term, kind::killed, kind::crash})
    EXPECT_EQ(decided(restart_kind::permanent, exit), action::restart);
}

TEST(RestartDecision, TransientIsRestartedOnlyAfterAnAbnormalExit) {
  for (const auto clean : {kind::normal, kind::shutdown, kind::shutdown_term})
    EXPECT_EQ(decided(restart_kind::transient, clean), action::leave);
  for (const auto abnormal : {kind::killed, kind::crash})
    EXPECT_EQ(decided(restart_kind::transient, abnormal), action::restart);
}

TEST(RestartDecision, TemporaryIsForgottenWhateverTheReason) {
  for (const auto exit : {kind::normal, kind::crash, kind::killed})
    EXPECT_EQ(decided(restart_kind::temporary, exit), action::forget);
}

TEST(RestartDecision, AFailedAttemptIsRepeatedWhateverTheRestartKind) {
  for (const auto restart : {restart_kind::permanent, restart_kind::transient, restart_kind::temporary})
    EXPECT_EQ(decided(restart, std::nullopt), action::restart);
}

TEST(RestartDecision, WhatIsNotRestartedIsNotCounted) {
  auto request = asked(restart_kind::transient, kind::normal);
  request.restarts = restart_history{{at(1), at(99)}};
  request.intensity = {0, seconds{5}};
  EXPECT_EQ(decide(request).restarts, request.restarts);
}

TEST(RestartDecision, AsManyAsAllowedArePermittedAndOneMoreIsNot) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {3, seconds{5}};
  request.restarts = restart_history{{at(98), at(99)}};
  const auto third = decide(request);
  EXPECT_EQ(third.what, action::restart);
  EXPECT_EQ(third.restarts.newest_first(), (std::vector{at(100), at(99), at(98)}));
  request.restarts = third.restarts;
  const auto fourth = decide(request);
  EXPECT_EQ(fourth.what, action::give_up);
  EXPECT_EQ(fourth.restarts.size(), 4U) << "the stamp is stored before the comparison";
}

TEST(RestartDecision, WithNoneAllowedTheFirstIsTooMany) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {0, seconds{5}};
  EXPECT_EQ(decide(request).what, action::give_up);
}

TEST(RestartDecision, ARestartExactlyAsOldAsThePeriodStillCounts) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {1, seconds{5}};
  request.restarts = restart_history{{at(95)}};
  EXPECT_EQ(decide(request).what, action::give_up);
  request.now += milliseconds{1};
  const auto later = decide(request);
  EXPECT_EQ(later.what, action::restart);
  EXPECT_EQ(later.restarts.newest_first(), std::vector{request.now}) << "what is too old is dropped";
}

TEST(Backoff, NoMinimumMeansNoDelay) {
  EXPECT_EQ(backoff_delay({milliseconds{0}, seconds{30}, 2.0, 0.5, seconds{60}}, 9, 0.9), milliseconds{0});
}

TEST(Backoff, GrowsByItsFactorUpToItsMaximum) {
  const alder::backoff rules{milliseconds{100}, milliseconds{1000}, 2.0, 0.0, seconds{60}};
  const std::vector<int> expected{100, 200, 400, 800, 1000, 1000};
  for (unsigned attempt = 0; attempt < expected.size(); ++attempt)
    EXPECT_EQ(backoff_delay(rules, attempt, 0.0), milliseconds{expected[attempt]}) << "attempt " << attempt;
  EXPECT_EQ(backoff_delay(rules, 4'000'000'000U, 0.5), milliseconds{1000}) << "far beyond what a double holds";
}

TEST(Backoff, AMaximumBelowTheMinimumIsTheMinimum) {
  EXPECT_EQ(backoff_delay({milliseconds{500}, milliseconds{100}, 2.0, 0.0, seconds{60}}, 3, 0.5), milliseconds{500});
}

TEST(Backoff, JitterSpreadsBothWaysAroundTheDelay) {
  const alder::backoff rules{milliseconds{1000}, milliseconds{30000}, 2.0, 0.1, seconds{60}};
  EXPECT_EQ(backoff_delay(rules, 0, 0.0), milliseconds{900});
  EXPECT_EQ(backoff_delay(rules, 0, 0.5), milliseconds{1000});
  EXPECT_EQ(backoff_delay(rules, 0, 0.9999999), milliseconds{1100});
  EXPECT_EQ(backoff_delay({milliseconds{1000}, seconds{30}, 2.0, 1.0, seconds{60}}, 0, 0.0), milliseconds{0});
}

TEST(Backoff, TheAttemptsOfAChildThatRanLongEnoughBeginAnew) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.backoff = {milliseconds{100}, seconds{30}, 2.0, 0.0, seconds{60}};
  request.attempts = 3;
  request.ran_for = milliseconds{59999};
  EXPECT_EQ(decide(request).delay, milliseconds{800});
  EXPECT_EQ(decide(request).attempts, 4U);
  request.ran_for = seconds{60};
  EXPECT_EQ(decide(request).delay, milliseconds{100});
  EXPECT_EQ(decide(request).attempts, 1U);
}

TEST(Backoff, AnAttemptThatNeverRanDoesNotResetIt) {
  auto request = asked(restart_kind::permanent, std::nullopt);
  request.backoff = {milliseconds{100}, seconds{30}, 2.0, 0.0, milliseconds{0}};
  request.attempts = 2;
  EXPECT_EQ(decide(request).delay, milliseconds{400});
}

// -- limits of one child

/// Plays deaths after `lifetime` until something else than a restart is decided, and counts the restarts.
std::pair<int, restart_verdict> play(restart_request request, milliseconds lifetime) {
  for (int restarts = 0;; ++restarts) {
    request.ran_for = lifetime;
    const auto verdict = decide(request);
    if (verdict.what != action::restart || restarts == 100) return {restarts, verdict};
    request.restarts = verdict.restarts;
    request.memory = verdict.memory;
    request.now += lifetime + verdict.delay;
  }
}

TEST(RestartDecision, TooManyUnstableStartsInARowFailTheChildAlone) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {1000, seconds{5}};
  request.limit = {milliseconds{1000}, 4, 0};
  const auto [restarts, verdict] = play(request, milliseconds{999});
  EXPECT_EQ(restarts, 3);
  EXPECT_EQ(verdict.what, action::fail);
  EXPECT_EQ(verdict.why, "4 consecutive starts lasted less than 1s");
  EXPECT_EQ(verdict.restarts.size(), 3U) << "what is not restarted is not counted";
  EXPECT_EQ(play(request, milliseconds{1000}).first, 100) << "a start that lasts is stable";
}

TEST(RestartDecision, AStableRunForgetsTheUnstableStarts) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.limit = {milliseconds{1000}, 2, 0};
  request.memory.unstable = 1;
  request.ran_for = milliseconds{5000};
  EXPECT_EQ(decide(request).memory.unstable, 0U);
  request.ran_for.reset(); // a start that failed did not run at all
  request.exit.reset();
  EXPECT_EQ(decide(request).what, action::fail);
}

TEST(RestartDecision, AFinalExitFailsWhateverTheRestartKind) {
  for (const auto restart : {restart_kind::permanent, restart_kind::transient}) {
    auto request = asked(restart, kind::crash);
    request.exit->is_final = true;
    EXPECT_EQ(decide(request).what, action::fail);
  }
}

TEST(RestartDecision, MoreThanTheHourlyRestartsWaitUntilOneIsAnHourOld) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {1000, seconds{5}};
  request.limit.hourly = 2;
  request.ran_for = seconds{10};
  request.memory.hourly = {at(90), at(20)};
  const auto verdict = decide(request);
  EXPECT_EQ(verdict.what, action::restart);
  EXPECT_EQ(verdict.delay, seconds{3600 - 80});
  EXPECT_EQ(verdict.why, "was restarted 2 times within an hour");
  request.memory.hourly = {at(90), at(20)};
  request.now = at(3620);
  EXPECT_EQ(decide(request).delay, seconds{0}) << "exactly an hour later one may go";
}

TEST(RestartDecision, TheIntensityOfTheSupervisorComesAfterTheChildsOwnLimit) {
  auto request = asked(restart_kind::permanent, kind::crash);
  request.intensity = {0, seconds{5}};
  request.limit = {milliseconds{1000}, 1, 0};
  EXPECT_EQ(decide(request).what, action::fail);
  request.limit.max_unstable = 2;
  EXPECT_EQ(decide(request).what, action::give_up);
}

TEST(RestartDecision, TheFirstDelayCanBeAnotherThanTheOneTheOthersGrowFrom) {
  const auto delay = [](unsigned attempt) { return backoff_delay(default_backoff, attempt, 0.5); };
  EXPECT_EQ(delay(0), milliseconds{0});
  EXPECT_EQ(delay(1), milliseconds{500});
  EXPECT_EQ(delay(2), milliseconds{1000});
  EXPECT_EQ(delay(7), milliseconds{30000});
  EXPECT_EQ(delay(4000000000), milliseconds{30000});
  EXPECT_EQ(backoff_delay(default_backoff, 1, 0.0), milliseconds{450});
  backoff patient = default_backoff;
  patient.first = seconds{10};
  EXPECT_EQ(backoff_delay(patient, 0, 0.5), milliseconds{10000});
  EXPECT_EQ(backoff_delay(patient, 1, 0.5), milliseconds{500});
}

} // namespace
} // namespace alder::policy
