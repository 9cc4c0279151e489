#include "runtime/policy/process_machine.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::policy {
namespace {

using phase = process_machine::phase;
using kind = exit_reason::kind;
using std::chrono::milliseconds;

/// One machine; effects come out as words: launch · check · timer 10s · signal 15 · kill · await · up · failed: why ·
/// gone · warn.
class script {
public:
  explicit script(service_spec spec = {}) : spec_(std::move(spec)), machine_(spec_) {}

  std::string tell(const process_event& e) {
    std::string words;
    for (const auto& effect : machine_.handle(e)) {
      words += (words.empty() ? "" : "; ") + words_of(effect);
    }
    return words;
  }
  std::string launch() {
    const auto words = tell(launch_asked{});
    return words + "; " + tell(launched{100, false});
  }
  std::string exit(exit_status status, bool members_left = false) { return tell(main_exited{status, members_left}); }
  std::string time() { return tell(timer_due{token_}); }
  [[nodiscard]] std::uint64_t token() const { return token_; }
  [[nodiscard]] phase now_in() const { return machine_.now_in(); }
  [[nodiscard]] const exit_reason& why_gone() const { return gone_; }

private:
  std::string words_of(const process_effect& effect) {
    return std::visit(overloaded{[](const do_launch&) { return std::string{"launch"}; },
                                 [](const check_ready&) { return std::string{"check"}; },
                                 [&](const arm_timer& t) {
                                   token_ = t.token;
                                   return "timer " + format_duration(t.after);
                                 },
                                 [](const signal_all& s) { return "signal " + std::to_string(s.signal); },
                                 [](const kill_all&) { return std::string{"kill"}; },
                                 [](const await_members&) { return std::string{"await"}; },
                                 [](const start_succeeded&) { return std::string{"up"}; },
                                 [](const start_failed& f) { return "failed: " + f.detail; },
                                 [](const start_ignored& i) { return "ignored: " + i.detail; },
                                 [&](const process_gone& g) {
                                   gone_ = g.reason;
                                   return std::string{"gone"};
                                 },
                                 [](const warn& w) { return "warn: " + w.text; }},
                      effect);
  }

  service_spec spec_;
  process_machine machine_;
  std::uint64_t token_ = 0;
  exit_reason gone_;
};

service_spec checked() {
  service_spec spec;
  spec.ready.check = ready_tcp{"127.0.0.1", 6400};
  return spec;
}

service_spec stopped_by(int signal, std::optional<milliseconds> timeout) {
  service_spec spec;
  spec.stop = {signal, timeout};
  return spec;
}

const exit_status clean = exit_status::code(0);

TEST(ProcessMachine, WithoutAReadinessCheckItIsUpWhenItRuns) {
  script s;
  EXPECT_EQ(s.now_in(), phase::fresh);
  EXPECT_EQ(s.tell(launch_asked{}), "launch");
  EXPECT_EQ(s.now_in(), phase::launching);
  EXPECT_EQ(s.tell(launched{100, false}), "up");
  EXPECT_EQ(s.now_in(), phase::running);
}

TEST(ProcessMachine, IsLaunchedOnlyOnce) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.tell(launch_asked{}), "");
  EXPECT_EQ(s.tell(launched{101, false}), "");
  EXPECT_EQ(s.tell(launch_refused{"late"}), "");
  EXPECT_EQ(s.now_in(), phase::running);
}

TEST(ProcessMachine, ARefusedLaunchIsAFailedStart) {
  script s;
  (void)s.tell(launch_asked{});
  EXPECT_EQ(s.tell(launch_refused{"no such file"}), "failed: no such file");
  EXPECT_EQ(s.now_in(), phase::gone);
}

TEST(ProcessMachine, AnAdoptedProcessCountsAsReady) {
  script s{checked()};
  (void)s.tell(launch_asked{});
  EXPECT_EQ(s.tell(launched{100, true}), "up");
}

TEST(ProcessMachine, AnExitByItselfIsClassified) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::code(3)), "gone");
  EXPECT_EQ(s.why_gone(), (exit_reason{kind::crash, exit_status::code(3), "exited with code 3", false}));
  EXPECT_EQ(s.now_in(), phase::gone);
}

TEST(ProcessMachine, MembersLeftBehindAreKilledBeforeTheExitIsTold) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::code(1), /*members_left=*/true), "timer 10s; kill");
  EXPECT_EQ(s.now_in(), phase::sweeping);
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  EXPECT_EQ(s.why_gone().what, kind::crash) << "the kill was not the cause";
}

TEST(ProcessMachine, AMemberThatDoesNotDieIsGivenUpWithAWarning) {
  script s;
  (void)s.launch();
  (void)s.exit(exit_status::code(1), /*members_left=*/true);
  EXPECT_EQ(s.time(), "warn: a process of it is still there 10s after SIGKILL; gone");
}

TEST(ProcessMachine, AStopWhileItSweepsChangesNothing) {
  script s;
  (void)s.launch();
  (void)s.exit(clean, /*members_left=*/true);
  EXPECT_EQ(s.tell(stop_requested{}), "");
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  EXPECT_EQ(s.why_gone().what, kind::normal);
}

// -- readiness

TEST(ProcessReadiness, IsCheckedUntilItHolds) {
  script s{checked()};
  EXPECT_EQ(s.launch(), "launch; timer 30s; check");
  EXPECT_EQ(s.now_in(), phase::waiting);
  EXPECT_EQ(s.tell(check_answered{false, "connection refused"}), "timer 10ms");
  EXPECT_EQ(s.time(), "check");
  EXPECT_EQ(s.tell(check_answered{true, {}}), "up");
  EXPECT_EQ(s.now_in(), phase::running);
}

TEST(ProcessReadiness, NotInTimeIsAFailedStartAfterAStop) {
  script s{checked()};
  (void)s.launch();
  const auto deadline = s.token();
  (void)s.tell(check_answered{false, "connection refused"});
  EXPECT_EQ(s.tell(timer_due{deadline}), "timer 10s; signal 15");
  EXPECT_EQ(s.now_in(), phase::stopping);
  EXPECT_EQ(s.tell(check_answered{true, {}}), "") << "too late";
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "failed: was not ready within 30s: connection refused");
}

TEST(ProcessReadiness, TheStopAfterItsTimeoutIsFollowedByAKill) {
  script s{checked()};
  (void)s.launch();
  (void)s.time();
  EXPECT_EQ(s.time(), "timer 10s; kill");
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL)), "failed: was not ready within 30s");
}

TEST(ProcessReadiness, AnExitBeforeItIsAFailedStart) {
  script s{checked()};
  (void)s.launch();
  EXPECT_EQ(s.exit(clean), "failed: exited with code 0 before it was ready");
}

TEST(ProcessReadiness, AnExitBeforeItWithMembersLeftIsAFailedStartAfterTheSweep) {
  script s{checked()};
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::signal(SIGSEGV), /*members_left=*/true), "timer 10s; kill");
  EXPECT_EQ(s.tell(members_gone{}), "failed: was killed by SIGSEGV before it was ready");
}

TEST(ProcessReadiness, MayBeAFixedTime) {
  service_spec spec;
  spec.ready.check = ready_after{milliseconds{1500}};
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; timer 1.5s");
  EXPECT_EQ(s.time(), "up");
}

TEST(ProcessReadiness, ItsTimersMeanNothingOnceItIsUp) {
  script s{checked()};
  (void)s.launch();
  const auto deadline = s.token();
  (void)s.tell(check_answered{false, {}});
  (void)s.tell(check_answered{true, {}});
  EXPECT_EQ(s.tell(timer_due{deadline}), "");
  EXPECT_EQ(s.time(), "");
  EXPECT_EQ(s.now_in(), phase::running);
}

// -- stopping

TEST(ProcessStop, BeforeTheLaunchIsAFailedStart) {
  script s;
  EXPECT_EQ(s.tell(stop_requested{}), "failed: was stopped before it was started");
  EXPECT_EQ(s.tell(launch_asked{}), "");
}

TEST(ProcessStop, WhileItLaunchesWaitsForTheLaunch) {
  script s;
  (void)s.tell(launch_asked{});
  EXPECT_EQ(s.tell(stop_requested{/*cut_short=*/true}), "");
  EXPECT_EQ(s.tell(launched{100, false}), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "failed: was stopped while it started");
}

TEST(ProcessStop, WhileItLaunchesIsOverWhenTheLaunchIsRefused) {
  script s;
  (void)s.tell(launch_asked{});
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.tell(launch_refused{"no such file"}), "failed: no such file");
}

TEST(ProcessStop, BeforeItIsReadyIsAFailedStart) {
  script s{checked()};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{/*cut_short=*/true}), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(clean), "failed: was stopped while it started");
}

TEST(ProcessStop, CuttingAStartShortThatIsOverDoesNothing) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{/*cut_short=*/true}), "");
  EXPECT_EQ(s.now_in(), phase::running);
}

TEST(ProcessStop, SignalsAndTheExpectedEndIsClean) {
  for (const auto end : {exit_status::signal(SIGTERM), exit_status::code(128 + SIGTERM), clean}) {
    script s;
    (void)s.launch();
    EXPECT_EQ(s.tell(stop_requested{}), "timer 10s; signal 15");
    EXPECT_EQ(s.exit(end), "gone");
    EXPECT_EQ(s.why_gone().what, end == clean ? kind::normal : kind::shutdown);
  }
}

TEST(ProcessStop, ANewerStopReplacesTheOneItWasStartedWith) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{false, stop_spec{SIGINT, milliseconds{300}}}), "timer 300ms; signal 2");
}

TEST(ProcessStop, AnotherEndIsACrash) {
  script s{stopped_by(SIGINT, milliseconds{500})};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 500ms; signal 2");
  EXPECT_EQ(s.exit(exit_status::code(9)), "gone");
  EXPECT_EQ(s.why_gone().what, kind::crash);
}

TEST(ProcessStop, IsAskedForOnce) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.tell(stop_requested{}), "");
}

TEST(ProcessStop, AfterItsTimeoutKills) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.time(), "timer 10s; kill");
  EXPECT_EQ(s.now_in(), phase::killing);
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL)), "gone");
  EXPECT_EQ(s.why_gone().what, kind::killed);
  EXPECT_EQ(s.why_gone().detail, "did not stop within 10s and was killed");
}

TEST(ProcessStop, WithoutATimeoutWaitsForEver) {
  script s{stopped_by(SIGTERM, std::nullopt)};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "signal 15");
  EXPECT_EQ(s.time(), "");
  EXPECT_EQ(s.now_in(), phase::stopping);
}

TEST(ProcessStop, BySigkillKillsAtOnce) {
  script s{stopped_by(SIGKILL, milliseconds{10000})};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 10s; kill");
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL)), "gone");
  EXPECT_EQ(s.why_gone().what, kind::killed);
  EXPECT_EQ(s.why_gone().detail, "was killed as configured");
}

TEST(ProcessStop, MembersHaveTheRestOfTheTimeout) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM), /*members_left=*/true), "await");
  EXPECT_EQ(s.now_in(), phase::stopping);
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  EXPECT_EQ(s.why_gone().what, kind::shutdown);
}

TEST(ProcessStop, AMemberThatOutlivesItIsKilled) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.exit(exit_status::signal(SIGTERM), /*members_left=*/true);
  EXPECT_EQ(s.time(), "timer 10s; kill");
  EXPECT_EQ(s.tell(members_gone{}), "gone");
}

TEST(ProcessStop, MembersThatDieBeforeTheMainProcessDoNotEndIt) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.time();
  EXPECT_EQ(s.tell(members_gone{}), "");
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL)), "gone");
}

TEST(ProcessStop, AMemberFoundAfterTheKillIsWaitedFor) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.time();
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL), /*members_left=*/true), "");
  EXPECT_EQ(s.tell(members_gone{}), "gone");
}

TEST(ProcessStop, WhatSurvivesSigkillIsGivenUpWithAWarning) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.time();
  EXPECT_EQ(s.time(), "warn: a process of it is still there 10s after SIGKILL; gone");
  EXPECT_EQ(s.why_gone().status, exit_status{});
  EXPECT_EQ(s.exit(clean), "") << "whatever comes later";
}

TEST(ProcessStop, AnExitIsToldOnce) {
  script s;
  (void)s.launch();
  (void)s.exit(clean);
  EXPECT_EQ(s.exit(exit_status::code(1)), "");
  EXPECT_EQ(s.tell(members_gone{}), "");
  EXPECT_EQ(s.tell(stop_requested{}), "");
  EXPECT_EQ(s.time(), "");
}

// -- classification

TEST(ClassifyExit, CleanCodesAreNormalAndOthersACrash) {
  service_spec spec;
  spec.clean_exit_codes = {0, 42};
  EXPECT_EQ(classify_exit(spec, exit_status::code(0)).what, kind::normal);
  EXPECT_EQ(classify_exit(spec, exit_status::code(42)).what, kind::normal);
  EXPECT_EQ(classify_exit(spec, exit_status::code(1)).what, kind::crash);
}

TEST(ClassifyExit, CleanSignalsAreAShutdownSigkillAKillAndOthersACrash) {
  const service_spec spec;
  EXPECT_EQ(classify_exit(spec, exit_status::signal(SIGTERM)).what, kind::shutdown);
  for (const int signal : {SIGINT, SIGHUP})
    EXPECT_EQ(classify_exit(spec, exit_status::signal(signal)).what, kind::shutdown_term);
  EXPECT_EQ(classify_exit(spec, exit_status::signal(SIGKILL)).what, kind::killed);
  for (const int signal : {SIGSEGV, SIGABRT, SIGPIPE})
    EXPECT_EQ(classify_exit(spec, exit_status::signal(signal)).what, kind::crash);
}

TEST(ClassifyExit, WhatCountsAsCleanIsTheServicesOwnChoice) {
  service_spec spec;
  spec.clean_signals = {SIGKILL};
  EXPECT_EQ(classify_exit(spec, exit_status::signal(SIGKILL)).what, kind::shutdown_term);
  EXPECT_EQ(classify_exit(spec, exit_status::signal(SIGTERM)).what, kind::crash);
}

TEST(ClassifyExit, AnEndNobodySawIsACrash) {
  const auto unseen = classify_exit({}, exit_status{});
  EXPECT_EQ(unseen.what, kind::crash);
  EXPECT_EQ(unseen.detail, "ended, nobody saw how");
}

} // namespace
} // namespace alder::policy
