#include "cli/common/progress.hpp"

#include "tests/cli/screen_fixture.hpp"

#include <string>

namespace alder::cli {
namespace {

using test::now;
using test::Screens;

event_view event(const std::string& kind, const std::string& name, const std::string& text, int pid = 7) {
  event_view one;
  one.kind = kind;
  one.tree = "shop";
  one.name = name;
  one.text = text;
  one.pid = pid;
  return one;
}

constexpr look painted{.colour = false, .unicode = true, .terminal = true, .width = 80};
const change_words starting{.done = "started", .counts_stops = false};

TEST_F(Screens, ProgressOnAPipeIsOnePlainLineATransition) {
  progress shown{test::plain, 0, starting, now()};
  EXPECT_EQ(shown.on_event(event("starting", "db", "db is starting"), now()), "db is starting\n");
  EXPECT_EQ(shown.on_event(event("started", "db", "db was started"), now()), "db was started\n");
  EXPECT_EQ(shown.on_tick(now()), "");
}

TEST_F(Screens, ProgressOnATerminalRepaintsOneLineAService) {
  progress shown{painted, 24, starting, now()};
  EXPECT_EQ(shown.on_event(event("starting", "db", "…"), now()), "\r\033[2K⠋ db starting 0.0s\n");
  EXPECT_EQ(shown.on_event(event("started", "db", "…"), now() + milliseconds{400}), "\033[1A\r\033[2K✓ db 0.4s\n");
  EXPECT_EQ(shown.on_event(event("starting", "api", "…"), now() + milliseconds{400}),
            "\033[1A\r\033[2K✓ db 0.4s\n\r\033[2K⠋ api starting 0.0s\n");
  EXPECT_EQ(shown.on_tick(now() + milliseconds{900}), "\033[2A\r\033[2K✓ db 0.4s\n\r\033[2K⠙ api starting 0.5s\n");
}

TEST_F(Screens, ProgressShowsNothingOfSupervisors) {
  progress shown{painted, 24, starting, now()};
  EXPECT_EQ(shown.on_event(event("started", "backend", "…", /*pid=*/0), now()), "");
  EXPECT_EQ(shown.on_event(event("stopping", "backend", "…", /*pid=*/0), now()), "");
}

TEST_F(Screens, MoreServicesThanRowsAreToldInPlainLines) {
  progress shown{painted, 4, starting, now()};
  (void)shown.on_event(event("starting", "a", "a is starting"), now());
  EXPECT_EQ(shown.on_event(event("starting", "b", "b is starting"), now()), "b is starting\n");
  EXPECT_EQ(shown.on_tick(now()), "");
}

TEST_F(Screens, TheSummaryCountsServicesOnce) {
  progress shown{test::plain, 0, starting, now()};
  for (const auto* kind : {"starting", "started", "exited", "starting", "started"})
    (void)shown.on_event(event(kind, "db", ""), now());
  (void)shown.on_event(event("started", "api", ""), now());
  (void)shown.on_event(event("started", "shop", "", /*pid=*/0), now());
  EXPECT_EQ(shown.summary(now() + milliseconds{2100}), "2 started in 2.1s");
}

TEST_F(Screens, TheSummaryLeavesOutWhatHappensByItself) {
  progress shown{test::plain, 0, starting, now()};
  auto crash = event("started", "stranger", "");
  for (const auto* why : {"own_exit", "sibling_exit", "schedule", "file_change"}) {
    crash.cause.kind = why;
    (void)shown.on_event(crash, now());
  }
  EXPECT_FALSE(shown.has_counted());
  EXPECT_EQ(shown.summary(now()), "done in 0.0s");
  auto asked = event("starting", "web", "");
  asked.cause.kind = "request";
  (void)shown.on_event(asked, now());
  EXPECT_FALSE(shown.has_counted()) << "it is not up yet";
  auto again = event("started", "web", ""); // its first attempt failed
  again.cause.kind = "failed_attempt";
  (void)shown.on_event(again, now());
  EXPECT_EQ(shown.summary(now()), "1 started in 0.0s");
}

TEST_F(Screens, TheSummaryOfAStopCountsStops) {
  progress shown{test::plain, 0, {.done = "stopped", .counts_stops = true}, now()};
  (void)shown.on_event(event("stopping", "db", ""), now());
  (void)shown.on_event(event("stopped", "db", "", /*pid=*/0), now());
  EXPECT_EQ(shown.summary(now()), "1 stopped in 0.0s");
}

TEST_F(Screens, TheSummaryOfAChangeCountsStartsAndStopsAlike) {
  const change_words changing{.done = "changed", .counts_stops = true, .counts_both = true};
  progress more{test::plain, 0, changing, now()};
  (void)more.on_event(event("started", "api:2", ""), now());
  EXPECT_EQ(more.summary(now()), "1 changed in 0.0s");
  progress fewer{test::plain, 0, changing, now()};
  (void)fewer.on_event(event("stopping", "api:2", ""), now());
  (void)fewer.on_event(event("stopped", "api:2", "", /*pid=*/0), now());
  EXPECT_EQ(fewer.summary(now()), "1 changed in 0.0s");
}

TEST_F(Screens, AChangeWithoutServicesIsJustDone) {
  EXPECT_EQ((progress{test::plain, 0, starting, now()}.summary(now())), "done in 0.0s");
}

TEST_F(Screens, WhatFailedAndIsNotUpAgainIsRemembered) {
  progress shown{test::plain, 0, starting, now()};
  (void)shown.on_event(event("exited", "db", ""), now());
  (void)shown.on_event(event("started", "db", ""), now());
  (void)shown.on_event(event("starting", "api", "", /*pid=*/0), now());
  (void)shown.on_event(event("start_failed", "api", "", /*pid=*/0), now());
  (void)shown.on_event(event("start_failed", "shop", "", /*pid=*/0), now());
  EXPECT_EQ(shown.failed(), (std::vector<std::string>{"shop/api"}));
  (void)shown.on_event(event("exited", "db", ""), now());
  (void)shown.on_event(event("restart_planned", "db", ""), now());
  (void)shown.on_event(event("message", "db", ""), now());
  EXPECT_EQ(shown.failed(), (std::vector<std::string>{"shop/db", "shop/api"})) << "it waits for its next start";
  (void)shown.on_event(event("started", "db", ""), now());
  EXPECT_EQ(shown.failed(), (std::vector<std::string>{"shop/api"}));
}

} // namespace
} // namespace alder::cli
