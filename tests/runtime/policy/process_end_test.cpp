#include "runtime/policy/process_end.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::policy {
namespace {

using kind = exit_reason::kind;

process_end ended(exit_status status) {
  process_end end;
  end.status = status;
  return end;
}

std::string why(const process_end& end, const service_spec& spec = {}) {
  return reason_of(spec, spec.stop, end).detail;
}

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
  EXPECT_EQ(unseen.detail, "ended with an unknown exit status");
}

TEST(ReasonOf, WhatWasForcedIsACrashUnlessSomebodyAskedForIt) {
  auto end = ended(exit_status::code(0));
  end.forced = forced_end{"sent no heartbeat", /*is_final=*/true};
  const auto forced = reason_of({}, {}, end);
  EXPECT_EQ(forced.what, kind::crash);
  EXPECT_EQ(forced.detail, "sent no heartbeat");
  EXPECT_TRUE(forced.is_final);
  end.asked = true;
  EXPECT_EQ(reason_of({}, {}, end).what, kind::normal);
}

TEST(ReasonOf, AKillNamesTheTimeThatTheProgramHad) {
  auto end = ended(exit_status::signal(SIGKILL));
  end.asked = true;
  end.killed_after = "10s";
  EXPECT_EQ(why(end), "did not stop within 10s and was killed");
  service_spec brutal;
  brutal.stop.signal = SIGKILL;
  EXPECT_EQ(why(end, brutal), "was killed as configured");
}

TEST(ReasonOf, ATaskThatFailedIsNotRepeated) {
  service_spec task;
  task.task = true;
  EXPECT_TRUE(reason_of(task, {}, ended(exit_status::code(1))).is_final);
  EXPECT_FALSE(reason_of(task, {}, ended(exit_status::code(0))).is_final);
  EXPECT_EQ(reason_of(task, {}, ended(exit_status::signal(SIGTERM))).what, kind::crash) << "nobody asked for it";
}

TEST(ReasonOf, TheWordsOfTheKernelAreItsOwn) {
  auto end = ended(exit_status::signal(SIGKILL));
  end.kernel_words = "out of memory";
  EXPECT_EQ(why(end), "was killed by SIGKILL: out of memory");
  EXPECT_EQ(fault_in_stop({}, end), std::nullopt) << "nobody stops it";
  end.asked = true;
  EXPECT_EQ(fault_in_stop({}, end), "was killed by SIGKILL: out of memory while it was being stopped");
}

TEST(ReasonOf, AFaultInAStopIsWorthAWarning) {
  auto end = ended(exit_status::signal(SIGSEGV));
  end.asked = true;
  EXPECT_EQ(fault_in_stop({}, end), "was killed by SIGSEGV while it was being stopped");
  EXPECT_EQ(reason_of({}, {}, end).what, kind::crash);
  end.killed_after = "10s";
  EXPECT_EQ(fault_in_stop({}, end), std::nullopt) << "we killed it";
  EXPECT_EQ(fault_in_stop({}, ended(exit_status::code(1))), std::nullopt);
}

} // namespace
} // namespace alder::policy
