#include "cli/common/launch.hpp"

#include "tests/cli/fake_daemon.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace alder::cli {
namespace {

/// A home, and a PATH with programs of our own.
class Launch : public testing::Test {
protected:
  void SetUp() override {
    around_ = {.uid = 1000, .cwd = home_.path(), .environment = {{"ALDER_HOME", home_.path()}, {"PATH", home_.path()}}};
    where_ = *os::locate(around_);
  }

  void install(const std::string& name, const std::string& script) const {
    const auto path = home_ / name;
    std::ofstream{path} << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  /// ensure_daemon as far as it goes without programs beside the test.
  [[nodiscard]] outcome start() const {
    const auto found = find_programs("", around_);
    if (!found) return found.failure();
    auto keeper =
        os::start_in_background(keeper_command(*found, where_, keeper_mode::detached), os::attachment::detached);
    if (!keeper) return keeper.failure();
    daemon_watch watch{where_.run_dir, [](std::string_view) {}};
    const auto said = hear(*keeper, where_, watch);
    if (!said) return said.failure();
    return success();
  }

  test::temporary_directory home_;
  os::surroundings around_;
  os::locations where_;
};

TEST_F(Launch, AMissingProgramIsNamed) {
  const auto found = find_programs("/nonexistent", around_);
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.failure().message.find("alder-keeper"), std::string::npos) << found.failure().message;
  EXPECT_NE(found.failure().message.find("/nonexistent"), std::string::npos);
}

TEST_F(Launch, ProgramsBesideComeBeforeThoseInThePath) {
  install("alder-keeper", "");
  install("alderd", "");
  std::filesystem::create_directory(home_ / "beside");
  std::filesystem::copy(home_ / "alderd", home_ / "beside/alderd");
  const auto found = find_programs(home_ / "beside", around_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->daemon, home_ / "beside/alderd");
  EXPECT_EQ(found->keeper, home_ / "alder-keeper");
}

TEST_F(Launch, TheKeeperIsToldWhereToLiveAndWhomToStart) {
  const auto command = keeper_command({.keeper = "/k", .daemon = "/d"}, where_, keeper_mode::foreground);
  EXPECT_EQ(command,
            (std::vector<std::string>{"/k", "--run-dir", where_.run_dir, "--state-dir", where_.state_dir, "--log-dir",
                                      where_.log_dir, "--foreground", "--ready-fd", "3", "--daemon", "/d"}));
}

TEST_F(Launch, AReadyKeeperIsASuccess) {
  install("alder-keeper", "echo ready >&3");
  install("alderd", "");
  EXPECT_TRUE(start().ok());
}

TEST_F(Launch, WhatTheKeeperComplainsOfIsPassedOn) {
  install("alder-keeper", "echo 'error: /run is full' >&3");
  install("alderd", "");
  const auto started = start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, error_kind::unavailable);
  EXPECT_EQ(started.failure().message, "the daemon could not be started: /run is full");
}

TEST_F(Launch, AKeeperThatEndsWithoutAWordIsAFailureThatNamesItsLog) {
  install("alder-keeper", "exit 1");
  install("alderd", "");
  const auto started = start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.failure().message.find("keeper.log"), std::string::npos) << started.failure().message;
}

TEST_F(Launch, ARunningDaemonIsFoundWithoutStartingAnything) {
  const test::fake_daemon daemon{home_.path(), [](const auto&, const auto& c) {
                                   c.send(test::answer(200, R"({"schema":1,"pong":true,"version":"0.1.0","pid":1})"));
                                 }};
  daemon_watch watch{where_.run_dir, [](std::string_view) {}};
  EXPECT_TRUE(ensure_daemon(where_, around_, watch).ok());
  EXPECT_EQ(daemon.seen().at(0).target, "/_ping");
}

TEST_F(Launch, WhatAnswersOtherwiseIsNoDaemon) {
  const test::fake_daemon daemon{home_.path(), [](const auto&, const auto& c) { c.send(test::answer(200, "{}")); }};
  EXPECT_FALSE(is_answering(daemon.socket()));
}

} // namespace
} // namespace alder::cli
