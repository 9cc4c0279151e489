#include "runtime/policy/process_machine.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <gmock/gmock.h>
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
    for (const auto& effect : machine_.handle(e, now_)) {
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
  void at(milliseconds since_start) { now_ = std::chrono::steady_clock::time_point{since_start}; }
  std::string time(std::uint64_t token) { return tell(timer_due{token}); }
  std::string hook(const std::string& failure = {}) { return tell(hook_done{hook_, failure}); }
  [[nodiscard]] std::string last_words() const { return machine_.last_words(); }
  std::string health(bool good) { return tell(health_answered{health_, good, "refused"}); }
  [[nodiscard]] std::uint64_t token() const { return token_; }
  [[nodiscard]] phase now_in() const { return machine_.now_in(); }
  [[nodiscard]] const exit_reason& why_gone() const { return gone_; }

private:
  std::string words_of(const process_effect& effect) {
    return std::visit(
        overloaded{
            [](const do_launch&) { return std::string{"launch"}; },
            [](const check_ready&) { return std::string{"check"}; },
            [&](const arm_timer& t) {
              token_ = t.token;
              return "timer " + format_duration(t.after);
            },
            [](const signal_all& s) { return (s.main_only ? "signal main " : "signal ") + std::to_string(s.signal); },
            [&](const check_health& c) {
              health_ = c.token;
              return std::string{"health"};
            },
            [](const cancel_health&) { return std::string{"cancel"}; },
            [](const sample_usage&) { return std::string{"sample"}; },
            [](const run_stop_command& r) { return "run " + std::to_string(r.step) + " " + join(r.command, " "); },
            [](const ask_to_shut_down&) { return std::string{"message"}; },
            [](const health_changed& h) { return h.why.empty() ? "well" : "unwell: " + h.why; },
            [](const kill_all&) { return std::string{"kill"}; },
            [](const await_members&) { return std::string{"await"}; },
            [](const start_succeeded&) { return std::string{"up"}; },
            [](const start_failed& f) { return "failed: " + f.detail; },
            [](const start_ignored& i) { return "ignored: " + i.detail; },
            [&](const process_gone& g) {
              gone_ = g.reason;
              return std::string{"gone"};
            },
            [&](const run_hook& h) {
              hook_ = h.token;
              return "hook " + std::string{word(h.when)};
            },
            [](const cancel_hook&) { return std::string{"cancel hook"}; },
            [](const warn& w) { return "warn: " + w.text; }},
        effect);
  }

  service_spec spec_;
  process_machine machine_;
  std::chrono::steady_clock::time_point now_{};
  std::uint64_t token_ = 0;
  std::uint64_t health_ = 0;
  std::uint64_t hook_ = 0;
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

TEST(ProcessMachine, MembersLeftBehindAreAskedToStopBeforeTheExitIsTold) {
  service_spec spec;
  spec.stop.signal = SIGINT;
  spec.stop.main_only = true; // there is no main process any more
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::code(1), /*members_left=*/true), "timer 10s; signal 2; await");
  EXPECT_EQ(s.now_in(), phase::stopping);
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  EXPECT_EQ(s.why_gone().what, kind::crash) << "the stop was not the cause";
  EXPECT_EQ(s.why_gone().detail, "exited with code 1");
}

TEST(ProcessMachine, MembersLeftBehindThatDoNotStopAreKilledWithAWarning) {
  script s;
  (void)s.launch();
  (void)s.exit(exit_status::code(1), /*members_left=*/true);
  EXPECT_EQ(s.time(), "warn: its remaining processes did not stop within 10s and were killed; timer 10s; kill");
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  EXPECT_EQ(s.why_gone().detail, "exited with code 1");
}

TEST(ProcessMachine, MembersLeftBehindGetTheSignalsOfTheStopSteps) {
  service_spec spec;
  spec.stop.steps = {{std::vector<std::string>{"quit"}, milliseconds{1000}}, // for the main process
                     {SIGINT, milliseconds{2000}},
                     {stop_step::message{}, milliseconds{3000}}};
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::code(1), /*members_left=*/true), "timer 2s; signal 2; await");
  EXPECT_EQ(s.time(), "timer 10s; signal 15");
}

TEST(ProcessMachine, NoHookRunsBeforeTheStopOfWhatIsLeft) {
  service_spec spec;
  spec.hooks.before_stop = {"drain"};
  spec.hooks.after_exit = {"tidy"};
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.exit(exit_status::code(1), /*members_left=*/true), "timer 10s; signal 15; await");
  EXPECT_EQ(s.tell(members_gone{}), "timer 30s; hook after_exit");
}

service_spec killing_leftovers() {
  service_spec spec;
  spec.stop.kill_leftovers = true;
  return spec;
}

TEST(ProcessMachine, MembersLeftBehindAreKilledAtOnceWhereThatIsWanted) {
  for (const auto& spec : {killing_leftovers(), stopped_by(SIGKILL, milliseconds{10000})}) {
    script s{spec};
    (void)s.launch();
    EXPECT_EQ(s.exit(exit_status::code(1), /*members_left=*/true), "timer 10s; kill");
    EXPECT_EQ(s.now_in(), phase::sweeping);
    EXPECT_EQ(s.tell(members_gone{}), "gone");
    EXPECT_EQ(s.why_gone().what, kind::crash) << "the kill was not the cause";
  }
}

TEST(ProcessMachine, AMemberThatDoesNotDieIsGivenUpWithAWarning) {
  script s{killing_leftovers()};
  (void)s.launch();
  (void)s.exit(exit_status::code(1), /*members_left=*/true);
  EXPECT_EQ(s.time(), "warn: one of its processes still exists 10s after SIGKILL; gone");
}

TEST(ProcessMachine, AStopWhileTheRestIsAskedChangesNothing) {
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
  EXPECT_EQ(s.exit(exit_status::signal(SIGSEGV), /*members_left=*/true), "timer 10s; signal 15; await");
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
  EXPECT_EQ(s.tell(stop_requested{}), "failed: was stopped before starting");
  EXPECT_EQ(s.tell(launch_asked{}), "");
}

TEST(ProcessStop, WhileItLaunchesWaitsForTheLaunch) {
  script s;
  (void)s.tell(launch_asked{});
  EXPECT_EQ(s.tell(stop_requested{/*cut_short=*/true}), "");
  EXPECT_EQ(s.tell(launched{100, false}), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "failed: was stopped while starting");
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
  EXPECT_EQ(s.exit(clean), "failed: was stopped while starting");
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

TEST(ProcessStop, TheStepsOfTheNewerStopAreTakenWhereItWasStartedWithFewer) {
  script s;
  (void)s.launch();
  stop_spec newer{SIGTERM, milliseconds{10000}};
  newer.steps = {{SIGHUP, milliseconds{1000}}, {std::vector<std::string>{"drain", "now"}, milliseconds{2000}}};
  EXPECT_EQ(s.tell(stop_requested{false, newer}), "timer 1s; signal 1");
  EXPECT_EQ(s.time(), "timer 2s; run 1 drain now");
  EXPECT_EQ(s.time(), "timer 10s; signal 15");
  EXPECT_EQ(s.time(), "timer 10s; kill");
}

TEST(ProcessStop, ANewerStopWithFewerStepsStillSendsItsSignal) {
  service_spec spec;
  spec.stop.steps = {{SIGINT, milliseconds{1000}}, {SIGINT, milliseconds{1000}}};
  script s{spec};
  (void)s.launch();
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.time(), "timer 1s; signal 2");
  const stop_spec newer{SIGTERM, std::nullopt};
  EXPECT_EQ(s.tell(stop_requested{false, newer}), "");
  EXPECT_EQ(s.time(), "signal 15") << "it may take as long as it likes now";
  EXPECT_EQ(s.now_in(), phase::stopping);
}

TEST(ProcessStop, TheTimeThatItAskedForIsNamedWhateverHookFollows) {
  service_spec spec;
  spec.hooks.after_exit = {"tidy"};
  script s{spec};
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.tell(more_time{milliseconds{20000}});
  s.at(milliseconds{10000});
  EXPECT_EQ(s.time(), "timer 10s");
  s.at(milliseconds{20000});
  EXPECT_EQ(s.time(), "timer 10s; kill");
  EXPECT_EQ(s.exit(exit_status::signal(SIGKILL)), "timer 30s; hook after_exit");
  EXPECT_EQ(s.hook(), "gone");
  EXPECT_EQ(s.why_gone().detail, "did not stop within the time it asked for and was killed");
}

TEST(ProcessStop, WhateverItsEndItIsAStop) {
  for (const auto end : {exit_status::code(1), exit_status::code(130), exit_status::code(143), exit_status::code(78),
                         exit_status::signal(SIGHUP), exit_status::signal(SIGKILL)}) {
    auto spec = stopped_by(SIGINT, milliseconds{500});
    spec.fatal_exit_codes = {78};
    script s{spec};
    (void)s.launch();
    EXPECT_EQ(s.tell(stop_requested{}), "timer 500ms; signal 2");
    EXPECT_EQ(s.exit(end), "gone");
    EXPECT_EQ(s.why_gone().what, kind::shutdown);
    EXPECT_FALSE(s.why_gone().is_final);
  }
}

TEST(ProcessStop, AFaultWhileItStopsIsToldOf) {
  script s;
  (void)s.launch();
  (void)s.tell(stop_requested{});
  EXPECT_EQ(s.exit(exit_status::signal(SIGSEGV)), "warn: was killed by SIGSEGV while it was being stopped; gone");
  EXPECT_EQ(s.why_gone().what, kind::crash) << "OTP reports it, and restarts nothing because of it";
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

TEST(ProcessStop, MembersThatTheSignalDidNotReachGetItWhenTheMainProcessHasEnded) {
  service_spec spec;
  spec.stop.main_only = true;
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 10s; signal main 15");
  EXPECT_EQ(s.exit(clean, /*members_left=*/true), "signal 15; await") << "with the rest of the time";
  EXPECT_EQ(s.tell(members_gone{}), "gone");
  spec.stop.kill_leftovers = true; // systemd's KillMode=mixed
  script mixed{spec};
  (void)mixed.launch();
  (void)mixed.tell(stop_requested{});
  EXPECT_EQ(mixed.exit(clean, /*members_left=*/true), "timer 10s; kill");
  EXPECT_EQ(mixed.tell(members_gone{}), "gone");
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
  EXPECT_EQ(s.time(), "warn: one of its processes still exists 10s after SIGKILL; gone");
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

// -- an end that nobody asked for

TEST(ProcessMachine, ASignalThatAlderDidNotSendIsNamedAsSuch) {
  const auto told = [](service_spec spec, exit_status status) {
    script s{std::move(spec)};
    (void)s.launch();
    (void)s.exit(status);
    return s.why_gone();
  };
  EXPECT_EQ(told({}, exit_status::signal(SIGHUP)).detail, "was killed by SIGHUP, not a stop requested through Alder");
  EXPECT_EQ(told({}, exit_status::code(143)).detail,
            "exited with code 143 (128 + SIGTERM, not a stop requested through Alder)");
  EXPECT_EQ(told({}, exit_status::code(143)).what, kind::crash);
  EXPECT_EQ(told({}, exit_status::code(137)).detail, "exited with code 137");
  service_spec transient;
  transient.restart = restart_kind::transient;
  EXPECT_EQ(told(transient, exit_status::signal(SIGHUP)).detail,
            "was killed by SIGHUP, not a stop requested through Alder; it counts as clean (clean_signals)");
  EXPECT_TRUE(is_clean(told(transient, exit_status::signal(SIGHUP))));
  transient.clean_signals = {SIGTERM};
  EXPECT_EQ(told(transient, exit_status::signal(SIGHUP)).detail,
            "was killed by SIGHUP, not a stop requested through Alder");
  EXPECT_FALSE(is_clean(told(transient, exit_status::signal(SIGHUP))));
}

// -- said by the program

TEST(ProcessMachine, IsReadyWithTheLineThatSaysSo) {
  service_spec spec;
  spec.ready.check = ready_log{"up"};
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; timer 30s");
  EXPECT_EQ(s.tell(declared_ready{}), "up");
  script late{spec};
  (void)late.launch();
  EXPECT_EQ(late.time(), "timer 10s; signal 15");
  EXPECT_EQ(late.exit(clean), "failed: was not ready within 30s: no line of its output matched up");
}

TEST(ProcessMachine, IsReadyWhenItSaysSoAndNotBefore) {
  service_spec spec;
  spec.ready.check = ready_notify{};
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; timer 30s");
  EXPECT_EQ(s.tell(declared_ready{}), "up");
  EXPECT_EQ(s.tell(declared_ready{}), "");
}

TEST(ProcessMachine, ATakenOverProcessThatWasNotReadyIsStillWaitedFor) {
  service_spec spec;
  spec.ready.check = ready_message{};
  script s{spec};
  (void)s.tell(launch_asked{});
  EXPECT_EQ(s.tell(launched{100, /*adopted=*/true, /*waiting=*/true, milliseconds{12000}}), "timer 12s");
  EXPECT_EQ(s.tell(declared_ready{}), "up");
}

TEST(ProcessMachine, AStartThatAsksForMoreTimeGetsIt) {
  service_spec spec;
  spec.ready.check = ready_notify{};
  script s{spec};
  (void)s.launch();
  s.at(milliseconds{20000});
  EXPECT_EQ(s.tell(more_time{milliseconds{60000}}), "");
  s.at(milliseconds{30000});
  EXPECT_EQ(s.time(), "timer 50s");
  s.at(milliseconds{80000});
  EXPECT_EQ(s.time(), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(clean), "failed: was not ready within the time it asked for: it sent no readiness notification");
}

TEST(ProcessMachine, AskingForMoreTimeNeverLeavesLess) {
  service_spec spec;
  spec.ready.check = ready_notify{};
  spec.heartbeat = heartbeat_spec{milliseconds{5000}, 3};
  script s{spec};
  (void)s.launch();
  (void)s.tell(more_time{milliseconds{40000}});
  (void)s.tell(more_time{milliseconds{1000}});
  s.at(milliseconds{30000});
  EXPECT_EQ(s.time(), "timer 10s") << "40s after its start";
  EXPECT_EQ(s.tell(declared_ready{}), "up; timer 15s");
  (void)s.tell(more_time{milliseconds{1000}});
  s.at(milliseconds{45000});
  EXPECT_EQ(s.time(), "timer 250ms") << "of the heartbeat, which is 15s late";
}

TEST(ProcessStop, LastsAsLongAsTheProgramAsksFor) {
  script s;
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 10s; signal 15");
  for (int i = 1; i <= 1000; ++i) { // mariadbd asks again and again
    s.at(milliseconds{i});
    EXPECT_EQ(s.tell(more_time{milliseconds{30000}}), "") << "one timer is enough";
  }
  s.at(milliseconds{10000});
  EXPECT_EQ(s.time(), "timer 21s");
  s.at(milliseconds{31000});
  EXPECT_EQ(s.time(), "timer 10s; kill");
  (void)s.exit(exit_status::signal(SIGKILL));
  EXPECT_EQ(s.why_gone().detail, "did not stop within the time it asked for and was killed");
}

TEST(ProcessStop, TimeThatWasAskedForBeforeItIsNotTheStops) {
  script s{checked()};
  (void)s.launch();
  (void)s.tell(more_time{milliseconds{3600000}});
  (void)s.tell(stop_requested{});
  s.at(milliseconds{10000});
  EXPECT_EQ(s.time(), "timer 10s; kill");
}

TEST(ProcessStop, TimeThatIsAskedForIsNotThatOfAHook) {
  service_spec spec;
  spec.hooks.before_stop = {"drain"};
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 30s; hook before_stop");
  (void)s.tell(more_time{milliseconds{60000}});
  s.at(milliseconds{30000});
  EXPECT_EQ(s.time(), "cancel hook; warn: its hook before_stop failed: took longer than 30s; timer 10s; signal 15");
}

service_spec beating(remedy then = remedy::restart) {
  service_spec spec;
  spec.heartbeat = heartbeat_spec{milliseconds{5000}, 3, then};
  return spec;
}

TEST(ProcessMachine, WithoutAHeartbeatForThreeIntervalsItHasCrashed) {
  script s{beating()};
  EXPECT_EQ(s.launch(), "launch; up; timer 15s");
  EXPECT_EQ(s.tell(heartbeat{}), "timer 15s");
  EXPECT_EQ(s.time(), "timer 250ms"); // what it said while nobody listened is read first
  EXPECT_EQ(s.time(), "unwell: sent no heartbeat for 15s; timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "gone");
  EXPECT_EQ(s.why_gone().what, kind::crash);
  EXPECT_EQ(s.why_gone().detail, "sent no heartbeat for 15s");
  EXPECT_FALSE(s.why_gone().is_final);
}

TEST(ProcessMachine, AHeartbeatInTheLastMomentCounts) {
  script s{beating()};
  (void)s.launch();
  (void)s.time();
  const auto last_chance_token = s.token();
  EXPECT_EQ(s.tell(heartbeat{}), "timer 15s");
  EXPECT_EQ(s.time(last_chance_token), "");
  EXPECT_EQ(s.now_in(), phase::running);
}

TEST(ProcessMachine, AMissingHeartbeatCanBeOnlyReportedAndIsOverWithTheNext) {
  script s{beating(remedy::report)};
  (void)s.launch();
  (void)s.time();
  EXPECT_EQ(s.time(), "warn: sent no heartbeat for 15s; unwell: sent no heartbeat for 15s");
  EXPECT_EQ(s.tell(heartbeat{}), "timer 15s; well");
}

TEST(ProcessMachine, WhatHasFailedForGoodIsNotToBeRestarted) {
  script s{beating(remedy::fail)};
  (void)s.launch();
  (void)s.time();
  (void)s.time();
  (void)s.exit(exit_status::signal(SIGTERM));
  EXPECT_TRUE(s.why_gone().is_final);
}

TEST(ProcessMachine, AStopOnRequestIsNoCrashEvenIfItWasNotWell) {
  script s{beating()};
  (void)s.launch();
  (void)s.time();
  (void)s.time();
  EXPECT_EQ(s.tell(stop_requested{}), "");
  (void)s.exit(exit_status::signal(SIGTERM));
  EXPECT_EQ(s.why_gone().what, kind::shutdown);
}

service_spec watched(unsigned failures, remedy then) {
  service_spec spec;
  spec.health = health_spec{.check = ready_tcp{"127.0.0.1", 6400}, .failures = failures, .successes = 2, .then = then};
  return spec;
}

TEST(ProcessMachine, FailedHealthChecksInARowEndIt) {
  script s{watched(2, remedy::restart)};
  EXPECT_EQ(s.launch(), "launch; up; timer 10s");
  EXPECT_EQ(s.time(), "timer 2s; health");
  EXPECT_EQ(s.health(false), "timer 10s");
  (void)s.time();
  EXPECT_EQ(s.health(true), "timer 10s"); // a good one between them: they begin anew
  (void)s.time();
  EXPECT_EQ(s.health(false), "timer 10s");
  (void)s.time();
  EXPECT_EQ(s.health(false), "unwell: failed its health check 2 times: refused; timer 10s; signal 15");
  (void)s.exit(exit_status::signal(SIGTERM));
  EXPECT_EQ(s.why_gone().what, kind::crash);
}

TEST(ProcessMachine, AHealthCheckThatDoesNotAnswerHasFailedAndItsAnswerIsLate) {
  script s{watched(2, remedy::report)};
  (void)s.launch();
  (void)s.time();
  EXPECT_EQ(s.time(), "cancel; timer 10s");
  EXPECT_EQ(s.health(true), "");
  (void)s.time();
  EXPECT_EQ(s.time(), "cancel; warn: failed its health check 2 times: did not answer within 2s; unwell: failed its "
                      "health check 2 times: did not answer within 2s; timer 10s");
  (void)s.time();
  EXPECT_EQ(s.health(true), "timer 10s");
  (void)s.time();
  EXPECT_EQ(s.health(true), "well; timer 10s");
}

TEST(ProcessMachine, MoreMemoryThanItsLimitForLongerThanTheGraceEndsIt) {
  service_spec spec;
  spec.limits.memory = 100;
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; up; timer 5s");
  EXPECT_EQ(s.time(), "timer 5s; sample");
  EXPECT_EQ(s.tell(usage_sampled{101, 0}), "");
  EXPECT_EQ(s.tell(usage_sampled{95, 0}), ""); // still above 90%: the excess goes on
  EXPECT_EQ(s.tell(usage_sampled{101, 0}),
            "unwell: used 101 of memory, more than its limit of 100; timer 10s; signal 15");
}

TEST(ProcessMachine, EachComplaintIsReportedOnceWhateverBecomesOfTheOthers) {
  auto spec = watched(1, remedy::report);
  spec.limits.memory = 100;
  spec.limits.grace = milliseconds{0};
  spec.limits.then = remedy::report;
  script s{spec};
  (void)s.launch();
  (void)s.tell(usage_sampled{101, 0});
  const auto both = [&] {
    (void)s.time();
    return s.health(false);
  };
  EXPECT_THAT(both(), testing::HasSubstr("warn: failed its health check 1 time"));
  EXPECT_EQ(s.tell(usage_sampled{50, 0}), "unwell: failed its health check 1 time: refused")
      << "that still holds, and is what is shown from now on";
  EXPECT_EQ(both().find("warn"), std::string::npos);
  EXPECT_THAT(s.tell(usage_sampled{102, 0}), testing::HasSubstr("warn: used 102 of memory"));
  EXPECT_EQ(s.tell(usage_sampled{50, 0}), "unwell: failed its health check 1 time: refused");
}

TEST(ProcessMachine, AShortExcessIsForgotten) {
  service_spec spec;
  spec.limits.cpu = 0.5;
  script s{spec};
  (void)s.launch();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(s.tell(usage_sampled{0, 0.9}), "");
    EXPECT_EQ(s.tell(usage_sampled{0, 0.4}), "");
  }
  EXPECT_EQ(s.now_in(), phase::running);
}

// -- stop steps

TEST(ProcessMachine, TriesEachStopStepBeforeTheSignal) {
  service_spec spec;
  spec.stop.main_only = true;
  spec.stop.steps = {{stop_step::message{}, milliseconds{1000}},
                     {std::vector<std::string>{"quit"}, milliseconds{2000}},
                     {SIGINT, milliseconds{3000}}};
  script s{spec};
  (void)s.launch();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 1s; message");
  EXPECT_EQ(s.time(), "timer 2s; run 1 quit");
  EXPECT_EQ(s.time(), "timer 3s; signal main 2");
  EXPECT_EQ(s.time(), "timer 10s; signal main 15");
  EXPECT_EQ(s.time(), "timer 10s; kill");
}

TEST(ProcessMachine, DeathByTheSignalOfAStepIsAsAsked) {
  service_spec spec;
  spec.stop.steps = {{SIGINT, milliseconds{3000}}};
  script s{spec};
  (void)s.launch();
  (void)s.tell(stop_requested{});
  (void)s.exit(exit_status::signal(SIGINT));
  EXPECT_EQ(s.why_gone().what, kind::shutdown);
}

TEST(ProcessMachine, AFatalExitCodeIsFinal) {
  service_spec spec;
  spec.fatal_exit_codes = {78};
  EXPECT_TRUE(classify_exit(spec, exit_status::code(78)).is_final);
  EXPECT_EQ(classify_exit(spec, exit_status::code(78)).detail, "exited with code 78, which is fatal");
  EXPECT_FALSE(classify_exit(spec, exit_status::code(77)).is_final);
}

// -- tasks

service_spec task() {
  service_spec spec;
  spec.task = true;
  return spec;
}

TEST(ProcessMachine, ATaskHasStartedWhenItHasEndedWell) {
  script s{task()};
  EXPECT_EQ(s.launch(), "launch; ");
  EXPECT_EQ(s.exit(exit_status::code(0)), "up; gone");
  EXPECT_EQ(s.why_gone().what, kind::normal);
}

TEST(ProcessMachine, ATaskThatEndsBadlyHasNotStarted) {
  script failed{task()};
  failed.launch();
  EXPECT_EQ(failed.exit(exit_status::code(3)), "failed: exited with code 3");
  script killed{task()};
  killed.launch();
  EXPECT_EQ(killed.exit(exit_status::signal(SIGTERM)),
            "failed: was killed by SIGTERM, not a stop requested through Alder");
}

TEST(ProcessMachine, WhatATaskLeavesRunningIsEndedBeforeItCounts) {
  script s{task()};
  s.launch();
  EXPECT_EQ(s.exit(exit_status::code(0), /*members_left=*/true), "timer 10s; signal 15; await");
  EXPECT_EQ(s.tell(members_gone{}), "up; gone");
}

TEST(ProcessMachine, TheConditionOfATaskIsLookedAtWhenItHasEnded) {
  auto spec = task();
  spec.ready.check = ready_file{"/srv/done"};
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; ");
  EXPECT_EQ(s.exit(exit_status::code(0)), "timer 30s; check");
  EXPECT_EQ(s.now_in(), phase::verifying);
  EXPECT_EQ(s.tell(check_answered{true, {}}), "up; gone");
  script bad{spec};
  bad.launch();
  bad.exit(exit_status::code(0));
  EXPECT_EQ(bad.tell(check_answered{false, "/srv/done is not there"}),
            "failed: exited with code 0, but its check failed: /srv/done is not there");
}

TEST(ProcessMachine, AConditionThatIsNotAnsweredFailsTheTask) {
  auto spec = task();
  spec.ready.check = ready_exec{{"true"}};
  script s{spec};
  s.launch();
  s.exit(exit_status::code(0));
  EXPECT_EQ(s.time(), "failed: exited with code 0, but its check failed: no answer within 30s");
}

TEST(ProcessMachine, ATaskThatTakesTooLongIsStoppedAndHasFailed) {
  auto spec = task();
  spec.task_timeout = milliseconds{60000};
  script s{spec};
  EXPECT_EQ(s.launch(), "launch; timer 1m");
  EXPECT_EQ(s.time(), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "failed: did not finish within 1m");
}

TEST(ProcessMachine, AStopCutsATaskShort) {
  script s{task()};
  s.launch();
  EXPECT_EQ(s.tell(stop_requested{true}), "timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::code(0)), "failed: was stopped while starting");
}

TEST(ProcessMachine, ATaskOnDemandHasStartedWhenItRunsAndFailsForGood) {
  auto spec = task();
  spec.task_timeout = milliseconds{60000};
  script s{spec};
  s.tell(launch_asked{/*on_demand=*/true});
  EXPECT_EQ(s.tell(launched{100, false}), "up; timer 1m");
  EXPECT_EQ(s.exit(exit_status::code(1)), "gone");
  EXPECT_EQ(s.why_gone().what, kind::crash);
  EXPECT_TRUE(s.why_gone().is_final);
  script slow{spec};
  slow.tell(launch_asked{/*on_demand=*/true});
  slow.tell(launched{100, false});
  slow.time();
  slow.exit(exit_status::signal(SIGTERM));
  EXPECT_EQ(slow.why_gone().detail, "did not finish within 1m");
  EXPECT_TRUE(slow.why_gone().is_final);
}

TEST(ProcessMachine, ATaskOnDemandIsVerifiedToo) {
  auto spec = task();
  spec.ready.check = ready_file{"/srv/done"};
  script s{spec};
  s.tell(launch_asked{/*on_demand=*/true});
  s.tell(launched{100, false});
  EXPECT_EQ(s.exit(exit_status::code(0)), "timer 30s; check");
  s.tell(check_answered{false, "/srv/done is not there"});
  EXPECT_EQ(s.why_gone().detail, "exited with code 0, but its check failed: /srv/done is not there");
  EXPECT_TRUE(s.why_gone().is_final);
}

TEST(ProcessMachine, ATaskThatWasWaitedForIsWaitedForAgainByTheNextDaemon) {
  script s{task()};
  s.tell(launch_asked{});
  EXPECT_EQ(s.tell(launched{100, /*adopted=*/true, /*waiting=*/true}), "");
  EXPECT_EQ(s.exit(exit_status::code(0)), "up; gone");
}

// -- taken over by the next daemon

service_spec with_limits(remedy then) {
  service_spec spec;
  spec.limits.memory = 100;
  spec.limits.grace = milliseconds{0};
  spec.limits.then = then;
  return spec;
}

TEST(ProcessMachine, WhatWasReportedBeforeIsNotReportedAgainAndEndsWhenItIsOver) {
  script s{with_limits(remedy::report)};
  s.tell(launch_asked{false, /*takes_over=*/true});
  s.tell(launched{100, /*adopted=*/true, false, {}, {{"limits", "used 200 bytes"}}});
  EXPECT_EQ(s.tell(usage_sampled{200, 0}), "") << "people know";
  EXPECT_EQ(s.tell(usage_sampled{95, 0}), "") << "not below 90% of the limit yet";
  EXPECT_EQ(s.tell(usage_sampled{50, 0}), "well");
  EXPECT_THAT(s.tell(usage_sampled{200, 0}), ::testing::HasSubstr("unwell: used 200")) << "and this is news";
}

TEST(ProcessMachine, OfSeveralComplaintsThoseThatHoldAreShown) {
  auto spec = with_limits(remedy::report);
  spec.health = health_spec{};
  spec.health->then = remedy::report;
  spec.health->successes = 1;
  script s{spec};
  s.tell(launch_asked{false, /*takes_over=*/true});
  s.tell(launched{100, true, false, {}, {{"limits", "used much"}, {"health", "failed its health check"}}});
  s.tell(usage_sampled{200, 0});
  s.time(1);
  EXPECT_THAT(s.health(true), ::testing::StartsWith("unwell: used much"));
  EXPECT_EQ(s.tell(usage_sampled{50, 0}), "well");
}

TEST(ProcessMachine, WhatWasBeingEndedBecauseItDoesNotWorkIsEndedByTheNextDaemon) {
  for (const bool is_final : {false, true}) {
    auto spec = stopped_by(SIGTERM, milliseconds{10000});
    spec.hooks.before_stop = {"it ran before"};
    script s{spec};
    launch_asked again{false, /*takes_over=*/true};
    again.forced = forced_end{"sent no heartbeat for 15s", is_final};
    EXPECT_EQ(s.tell(again), "launch");
    EXPECT_EQ(s.tell(launched{100, /*adopted=*/true}), "up; timer 10s; signal 15");
    EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "gone");
    EXPECT_EQ(s.why_gone().what, kind::crash) << "no clean stop, whatever clean_signals say";
    EXPECT_EQ(s.why_gone().detail, "sent no heartbeat for 15s");
    EXPECT_EQ(s.why_gone().is_final, is_final);
  }
}

// -- hooks

service_spec hooked() {
  service_spec spec;
  spec.hooks = {{"before"}, {"started"}, {"stopping"}, {"ended"}, milliseconds{5000}};
  return spec;
}

TEST(ProcessMachine, AHookComesBeforeTheStartAndOneAfterIt) {
  script s{hooked()};
  EXPECT_EQ(s.tell(launch_asked{}), "timer 5s; hook before_start");
  EXPECT_EQ(s.hook(), "launch");
  EXPECT_EQ(s.tell(launched{100, false}), "up; timer 5s; hook after_start");
  EXPECT_EQ(s.hook(), "");
}

TEST(ProcessMachine, TheTimeOfAHookIsNotThatOfTheTaskAfterIt) {
  service_spec spec;
  spec.task = true;
  spec.hooks.before_start = {"prepare"};
  script s{spec};
  EXPECT_EQ(s.tell(launch_asked{}), "timer 30s; hook before_start");
  EXPECT_EQ(s.hook(), "launch");
  EXPECT_EQ(s.tell(launched{100, false}), "");
  EXPECT_EQ(s.time(), "") << "it has no time limit of its own";
  EXPECT_EQ(s.now_in(), phase::waiting);
}

TEST(ProcessMachine, AFailedHookBeforeTheStartFailsIt) {
  script s{hooked()};
  s.tell(launch_asked{});
  EXPECT_EQ(s.hook("exited with code 1"), "failed: its hook before_start failed: exited with code 1");
  EXPECT_EQ(s.now_in(), phase::gone);
  script slow{hooked()};
  slow.tell(launch_asked{});
  EXPECT_EQ(slow.time(), "cancel hook; failed: its hook before_start failed: took longer than 5s");
}

TEST(ProcessMachine, AStopWhileAHookRunsEndsTheStart) {
  script s{hooked()};
  s.tell(launch_asked{});
  EXPECT_EQ(s.tell(stop_requested{true}), "cancel hook; failed: was stopped while starting");
  EXPECT_EQ(s.hook(), "") << "nobody waits for it any more";
}

TEST(ProcessMachine, NobodyWaitsForTheHookAfterTheStartButItsFailureIsTold) {
  script s{hooked()};
  s.tell(launch_asked{});
  s.hook();
  s.tell(launched{100, false});
  EXPECT_EQ(s.hook("exited with code 1"), "warn: its hook after_start failed: exited with code 1");
  script slow{hooked()};
  slow.tell(launch_asked{});
  slow.hook();
  slow.tell(launched{100, false});
  EXPECT_EQ(slow.time(), "cancel hook; warn: its hook after_start failed: took longer than 5s");
  EXPECT_EQ(slow.now_in(), phase::running);
}

/// One that runs, its hooks so far done.
script running_with_hooks() {
  script s{hooked()};
  s.tell(launch_asked{});
  s.hook();
  s.tell(launched{100, false});
  s.hook();
  return s;
}

TEST(ProcessMachine, AStopWaitsForItsHookWhateverComesOfIt) {
  auto s = running_with_hooks();
  EXPECT_EQ(s.tell(stop_requested{}), "timer 5s; hook before_stop");
  EXPECT_EQ(s.hook("exited with code 1"),
            "warn: its hook before_stop failed: exited with code 1; timer 10s; signal 15");
  EXPECT_EQ(s.exit(exit_status::signal(SIGTERM)), "timer 5s; hook after_exit");
  EXPECT_EQ(s.hook(), "gone");
  EXPECT_EQ(s.why_gone().what, kind::shutdown);
}

TEST(ProcessMachine, AHookThatTakesTooLongDoesNotHoldTheStopUp) {
  auto s = running_with_hooks();
  s.tell(stop_requested{});
  EXPECT_EQ(s.time(), "cancel hook; warn: its hook before_stop failed: took longer than 5s; timer 10s; signal 15");
}

TEST(ProcessMachine, OneThatEndsMeanwhileNeedsNoHookBeforeItsStop) {
  auto s = running_with_hooks();
  s.tell(stop_requested{});
  EXPECT_EQ(s.exit(clean), "cancel hook; timer 5s; hook after_exit");
  EXPECT_EQ(s.hook(), "gone");
}

TEST(ProcessMachine, TheHookAfterTheExitComesWhenAllIsGoneAndKnowsWhy) {
  auto s = running_with_hooks();
  EXPECT_EQ(s.exit(exit_status::code(3), /*members_left=*/true), "timer 10s; signal 15; await");
  EXPECT_EQ(s.tell(members_gone{}), "timer 5s; hook after_exit");
  EXPECT_EQ(s.last_words(), "exited with code 3");
  EXPECT_EQ(s.hook("exited with code 1"), "warn: its hook after_exit failed: exited with code 1; gone");
  EXPECT_EQ(s.why_gone().what, kind::crash);
}

TEST(ProcessMachine, AHookAfterTheExitThatHangsIsKilled) {
  auto s = running_with_hooks();
  s.exit(clean);
  EXPECT_EQ(s.time(), "cancel hook; warn: its hook after_exit failed: took longer than 5s; gone");
}

TEST(ProcessMachine, WhatRanBeforeTheDaemonCameHasHadItsHooks) {
  script s{hooked()};
  EXPECT_EQ(s.tell(launch_asked{/*on_demand=*/false, /*takes_over=*/true}), "launch");
  EXPECT_EQ(s.tell(launched{100, /*adopted=*/true}), "up");
}

TEST(ProcessMachine, AStartThatFailedHasAHookAfterItsExitToo) {
  auto spec = hooked();
  spec.ready.check = ready_tcp{"127.0.0.1", 6400};
  script s{spec};
  s.tell(launch_asked{});
  s.hook();
  s.tell(launched{100, false});
  EXPECT_EQ(s.exit(exit_status::code(1)), "timer 5s; hook after_exit");
  EXPECT_EQ(s.last_words(), "exited with code 1 before it was ready");
  EXPECT_EQ(s.hook(), "failed: exited with code 1 before it was ready");
}

TEST(ProcessMachine, WhatTheKernelSaysAboutAnEndIsItsReason) {
  const main_exited killed{exit_status::signal(SIGKILL), false, "the kernel killed one of its processes"};
  script ran;
  ran.launch();
  EXPECT_EQ(ran.tell(killed), "gone");
  EXPECT_EQ(ran.why_gone().detail, "was killed by SIGKILL: the kernel killed one of its processes");
  EXPECT_EQ(ran.why_gone().what, kind::killed);
  service_spec waits;
  waits.ready.check = ready_notify{};
  script started{waits};
  started.launch();
  EXPECT_EQ(started.tell(killed),
            "failed: was killed by SIGKILL before it was ready: the kernel killed one of its processes");
}

} // namespace
} // namespace alder::policy
