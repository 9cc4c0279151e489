#include "runtime/wire/event_sentence.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <utility>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;
using kind = cause::kind;

event event_of(event_kind what, std::string name, cause why = {}) {
  event e;
  e.kind = what;
  e.tree = "shop";
  e.name = std::move(name);
  e.cause = std::move(why);
  return e;
}

const cause sibling{kind::sibling_exit, "cache", "exited with code 1", "rest_for_one"};

TEST(EventSentence, ASupervisorThatGaveUpNamesTheLastDeath) {
  EXPECT_EQ(sentence(event_of(
                event_kind::gave_up, "backend",
                {kind::gave_up, "cache", "4 restarts within 10s, the last because cache exited with code 1", {}})),
            "backend gave up: 4 restarts within 10s, the last because cache exited with code 1");
  EXPECT_EQ(sentence(event_of(event_kind::gave_up, "backend", {kind::own_exit, "cache", {}, {}})),
            "backend gave up because cache ended");
}

TEST(EventSentence, AnExitSaysHow) {
  auto e = event_of(event_kind::exited, "api:0");
  e.status = exit_status::code(1);
  EXPECT_EQ(sentence(e), "api:0 exited with code 1");
  e.status = exit_status::signal(SIGSEGV);
  EXPECT_EQ(sentence(e), "api:0 was killed by SIGSEGV");
  e.status = exit_status{};
  EXPECT_EQ(sentence(e), "api:0 ended with an unknown exit status");
  e.cause.detail = "sent no heartbeat for 15s";
  EXPECT_EQ(sentence(e), "api:0 sent no heartbeat for 15s");
  e.status.reset();
  e.cause.detail = "gave up: more than 3 restarts within 5s";
  EXPECT_EQ(sentence(e), "api:0 gave up: more than 3 restarts within 5s");
  e.cause.detail.clear();
  EXPECT_EQ(sentence(e), "api:0 ended");
}

TEST(EventSentence, APlannedRestartSaysWhenAndWhy) {
  auto e = event_of(event_kind::restart_planned, "api:0", {kind::own_exit, "", "was killed by SIGSEGV", {}});
  e.delay = 3200ms;
  EXPECT_EQ(sentence(e), "api:0 will be restarted in 3.2s because it was killed by SIGSEGV");
  e.cause.origin = "api:0";
  e.delay = 0ms;
  EXPECT_EQ(sentence(e), "api:0 will be restarted immediately because it was killed by SIGSEGV");
  e.cause = {kind::failed_attempt, "api:0", "no such file or directory (ENOENT)", {}};
  EXPECT_EQ(sentence(e),
            "api:0 will be restarted immediately because its last start failed: no such file or directory (ENOENT)");
  e.cause = {kind::failed_attempt, "cache", "", {}};
  EXPECT_EQ(sentence(e), "api:0 will be restarted immediately because the start of cache failed");
}

TEST(EventSentence, AStartSaysThePidAndWhy) {
  auto e = event_of(event_kind::started, "db", {kind::request, {}, {}, {}});
  e.pid = 4120;
  EXPECT_EQ(sentence(e), "db is running (pid 4120), started on request");
  e.cause = {};
  EXPECT_EQ(sentence(e), "db is running (pid 4120)");
  e.cause = sibling;
  EXPECT_EQ(sentence(e), "db is running (pid 4120), restarted because sibling cache exited with code 1 (rest_for_one)");
  e.cause = {kind::own_exit, "db", "exited with code 7", {}};
  e.pid = 0;
  EXPECT_EQ(sentence(e), "db is running, restarted because it exited with code 7");
  e.cause = {kind::adopted, {}, {}, {}};
  EXPECT_EQ(sentence(e), "db is running, it kept running while the daemon was down");
}

TEST(EventSentence, AStartAttemptSaysWhy) {
  EXPECT_EQ(sentence(event_of(event_kind::starting, "db")), "db is being started");
  EXPECT_EQ(sentence(event_of(event_kind::starting, "db", {kind::tree_start, "backend", {}, {}})),
            "db is being started by its supervisor");
  EXPECT_EQ(sentence(event_of(event_kind::starting, "db", sibling)),
            "db is being restarted because sibling cache exited with code 1 (rest_for_one)");
}

TEST(EventSentence, AFailedStartSaysWhatWasWrong) {
  EXPECT_EQ(sentence(event_of(event_kind::start_failed, "db", {kind::tree_start, {}, "connection refused", {}})),
            "db failed to start: connection refused");
  EXPECT_EQ(sentence(event_of(event_kind::start_failed, "db")), "db failed to start");
}

TEST(EventSentence, AStopSaysWhyForEveryCauseThatStops) {
  const auto stopped = [](cause why) { return sentence(event_of(event_kind::stopped, "worker", std::move(why))); };
  EXPECT_EQ(stopped(sibling), "worker was stopped because sibling cache exited with code 1 (rest_for_one)");
  EXPECT_EQ(stopped({kind::request, {}, {}, {}}), "worker was stopped on request");
  EXPECT_EQ(stopped({kind::tree_stop, {}, {}, {}}), "worker was stopped because its supervisor is stopping");
  EXPECT_EQ(stopped({kind::gave_up, "cache", "more than 3 restarts within 5s", {}}),
            "worker was stopped because its supervisor gave up: more than 3 restarts within 5s");
  EXPECT_EQ(stopped({kind::auto_shutdown, "job", {}, {}}), "worker was stopped because significant child job ended");
  EXPECT_EQ(stopped({kind::auto_shutdown, {}, {}, {}}), "worker was stopped because a significant child ended");
  EXPECT_EQ(stopped({kind::start_unwound, "web", "port in use", {}}),
            "worker was stopped because the start of web failed: port in use");
  EXPECT_EQ(stopped({kind::start_unwound, {}, {}, {}}), "worker was stopped because the start of a sibling failed");
  EXPECT_EQ(stopped({kind::sibling_exit, "cache", {}, {}}), "worker was stopped because sibling cache ended");
  EXPECT_EQ(stopped({kind::failed_attempt, "cache", "refused", {}}),
            "worker was stopped because the start of cache failed: refused");
  EXPECT_EQ(sentence(event_of(event_kind::stopping, "worker", {kind::request, {}, {}, {}})),
            "worker is being stopped on request");
}

TEST(EventSentence, AFinishedServiceStaysDown) {
  auto e = event_of(event_kind::finished, "job", {kind::own_exit, "job", "exited with code 0", {}});
  EXPECT_EQ(sentence(e), "job has finished and will not be restarted because it exited with code 0");
  e.status = exit_status::code(3);
  EXPECT_EQ(sentence(e), "job has finished and will not be restarted because it exited with code 3");
  e = event_of(event_kind::finished, "job");
  EXPECT_EQ(sentence(e), "job has finished and will not be restarted");
}

TEST(EventSentence, AFailedTreeSaysWhatBroughtItDown) {
  EXPECT_EQ(sentence(event_of(event_kind::tree_failed, "shop",
                              {kind::gave_up, "cache", "more than 3 restarts within 5s", {}})),
            "tree shop failed because it gave up: more than 3 restarts within 5s");
  EXPECT_EQ(sentence(event_of(event_kind::tree_failed, "shop", {kind::start_unwound, "db", "port in use", {}})),
            "tree shop failed because the start of db failed: port in use");
  EXPECT_EQ(sentence(event_of(event_kind::tree_failed, "shop", {kind::tree_start, {}, "no supervisor", {}})),
            "tree shop failed: no supervisor");
}

TEST(EventSentence, TheEndOfATreeAndTheDaemonsOwnEventsHaveSentences) {
  EXPECT_EQ(sentence(event_of(event_kind::tree_removed, "", {kind::request, {}, {}, {}})),
            "tree shop was removed on request");
  event e;
  e.kind = event_kind::daemon_started;
  e.pid = 12;
  EXPECT_EQ(sentence(e), "the daemon is up (pid 12)");
  e.cause.detail = "after a crash";
  EXPECT_EQ(sentence(e), "the daemon is up (pid 12): after a crash");
  e = {};
  e.kind = event_kind::daemon_stopping;
  e.cause.what = kind::request;
  EXPECT_EQ(sentence(e), "the daemon is stopping on request");
}

TEST(EventSentence, AChangeThatWaitsSaysForWhat) {
  event e;
  e.kind = event_kind::queued;
  e.tree = "shop";
  EXPECT_EQ(sentence(e), "a change of tree shop waits until an earlier one is complete");
}

TEST(EventSentence, AnAdoptedServiceWentOnRunning) {
  auto e = event_of(event_kind::adopted, "db", {kind::adopted, {}, {}, {}});
  e.pid = 7;
  EXPECT_EQ(sentence(e), "db kept running (pid 7) while the daemon was down");
}

TEST(EventSentence, AWarningSaysWhomItConcerns) {
  EXPECT_EQ(sentence(event_of(event_kind::warning, "db", {kind::request, {}, "its log cannot be written", {}})),
            "db: its log cannot be written");
  event e;
  e.cause.detail = "the disk is full";
  EXPECT_EQ(sentence(e), "warning: the disk is full");
}

TEST(EventSentence, EveryKindAndCauseMakesASentence) {
  for (int k = 0; k <= static_cast<int>(event_kind::warning); ++k) {
    for (int c = 0; c <= static_cast<int>(kind::adopted); ++c) {
      const auto text = sentence(event_of(static_cast<event_kind>(k), "db", {static_cast<kind>(c), {}, {}, {}}));
      EXPECT_GT(text.size(), 6U);
      EXPECT_EQ(text.find("  "), std::string::npos) << text;
      EXPECT_NE(text.back(), ' ') << text;
    }
  }
}

TEST(StateReason, TellsWhyANodeIsInItsState) {
  EXPECT_EQ(state_reason(node_state::running, "db", sibling),
            "restarted because sibling cache exited with code 1 (rest_for_one)");
  EXPECT_EQ(state_reason(node_state::running, "db", {}), "started");
  EXPECT_EQ(state_reason(node_state::running, "db", {kind::adopted, {}, {}, {}}),
            "it kept running while the daemon was down");
  EXPECT_EQ(state_reason(node_state::stopped, "db", {}), "not started yet");
  EXPECT_EQ(state_reason(node_state::stopped, "db", {kind::request, {}, {}, {}}), "stopped on request");
  EXPECT_EQ(state_reason(node_state::starting, "db", {kind::request, {}, {}, {}}), "is being started on request");
  EXPECT_EQ(state_reason(node_state::stopping, "db", {kind::tree_stop, {}, {}, {}}),
            "is being stopped because its supervisor is stopping");
  EXPECT_EQ(state_reason(node_state::backoff, "db", {kind::own_exit, "db", "exited with code 1", {}}),
            "waiting to be restarted because it exited with code 1");
  EXPECT_EQ(state_reason(node_state::finished, "db", {kind::own_exit, {}, "exited with code 0", {}}),
            "finished because it exited with code 0");
  EXPECT_EQ(state_reason(node_state::failed, "b", {kind::gave_up, "db", "more than 3 restarts within 5s", {}}),
            "gave up: more than 3 restarts within 5s");
  EXPECT_EQ(state_reason(node_state::failed, "b", {kind::start_unwound, "db", "port in use", {}}),
            "failed because the start of db failed: port in use");
}

} // namespace
} // namespace alder::wire
