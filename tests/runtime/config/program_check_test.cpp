#include "runtime/config/program_check.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace alder::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A machine that has /bin/sh and what ends in "-here"; it keeps what it was asked.
struct fake_programs {
  std::vector<std::string> asked;
  std::shared_ptr<machine> here = std::make_shared<machine>();

  fake_programs() {
    here->program_trouble_with = [this](const std::string& name, const std::string& path,
                                        const std::string& directory) -> std::optional<program_trouble> {
      asked.push_back(name + " in " + path + " from " + directory);
      if (name == "/bin/sh" || name.find("-here") != std::string::npos) return std::nullopt;
      if (name == "redis-sever") return program_trouble{"'redis-sever' was not found", "redis-server"};
      return program_trouble{"'" + name + "' does not exist", std::nullopt};
    };
  }
  loaded load(const std::string& text) const {
    config_file file{text};
    file.from.here = here;
    return file.load();
  }
};

TEST(ProgramCheck, AProgramThatIsNotThereIsAWarningThatNamesTheNearest) {
  const fake_programs programs;
  const auto l = programs.load("children:\n- service: a\n  command: redis-sever --port 1\n");
  ASSERT_TRUE(l.tree) << "something may make it before it starts";
  EXPECT_THAT(places(l), ElementsAre("W012 3:12"));
  EXPECT_EQ(l.diagnostics[0].message, "'redis-sever' was not found");
  ASSERT_FALSE(l.diagnostics[0].help.empty());
  EXPECT_EQ(l.diagnostics[0].help[0], "did you mean 'redis-server'?");
}

TEST(ProgramCheck, ItIsLookedForWhereTheServiceWouldLook) {
  const fake_programs programs;
  (void)programs.load("cwd: app\nenv: { PATH: /opt/bin }\nchildren:\n- { service: a, command: x-here }\n");
  EXPECT_THAT(programs.asked, ElementsAre("x-here in /opt/bin from /srv/shop/app"));
}

TEST(ProgramCheck, ChecksHooksAndStopStepsAreLookedAtToo) {
  const fake_programs programs;
  const auto l = programs.load("children:\n- service: a\n  command: x-here\n  ready: { exec: [probe] }\n"
                               "  health: { exec: [pulse] }\n  hooks: { before_start: [prepare] }\n");
  EXPECT_THAT(places(l), ElementsAre("W012 4:10", "W012 5:11", "W012 6:10"));
}

TEST(ProgramCheck, WhatAShellMakesOfACommandIsItsOwnConcern) {
  const fake_programs programs;
  EXPECT_THAT(places(programs.load("children:\n- { service: a, shell: true, command: nobody-knows | sort }\n")),
              IsEmpty());
}

TEST(ProgramCheck, APoolIsToldOfOnce) {
  const fake_programs programs;
  EXPECT_THAT(places(programs.load("children:\n- { service: a, instances: 3, command: './run ${INSTANCE}' }\n")),
              ElementsAre("W012 2:40"));
}

TEST(ProgramCheck, AConfigurationThatWasAcceptedBeforeIsNotLookedAtAgain) {
  const fake_programs programs;
  programs.here->was_accepted = true;
  EXPECT_THAT(places(programs.load("children:\n- { service: a, command: gone }\n")), IsEmpty());
  EXPECT_THAT(programs.asked, IsEmpty());
}

} // namespace
} // namespace alder::config
