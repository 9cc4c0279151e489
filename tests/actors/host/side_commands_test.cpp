#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors::testing {
namespace {

using purpose = side_commands::purpose;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SideCommands : public host_bed {
protected:
  void SetUp() override {
    host_bed::SetUp();
    run(web, 77);
  }
  side_commands::order order(purpose why, std::uint64_t token = 0) {
    return {web,   why,
            token, {"true"},
            {},    [this](const std::optional<std::string>& failure) {
              answers.push_back(failure.value_or("good")); }};
  }
  /// The id of the command that was started last.
  process_id started() {
    const auto starts = keeper.starts();
    if (starts.empty()) return {};
    return {starts.back().id, starts.back().generation};
  }

  std::vector<std::string> answers;
};

TEST_F(SideCommands, RunWithWhatTheServiceHasAndItsPid) {
  spec.environment = {{"A", "1"}, {"ALDER_PID", "set by the service"}};
  auto hook = order(purpose::hook, 3);
  hook.environment = {{"ALDER_HOOK", "after_start"}};
  commands.run(hook, spec);
  const auto starts = keeper.starts();
  ASSERT_EQ(starts.size(), 1u);
  auto environment = starts[0].start.environment;
  environment.erase(wire::member_variable);
  EXPECT_EQ(environment,
            (std::map<std::string, std::string>{
                {"A", "1"}, {"ALDER_HOOK", "after_start"}, {"ALDER_PID", "77"}, {"ALDER_SERVICE", "web"}}));
  EXPECT_NE(starts[0].id.name.find('#'), std::string::npos) << "no node has such a name";
}

TEST_F(SideCommands, AreAnsweredOnceByHowTheyEnd) {
  commands.run(order(purpose::readiness), spec);
  const auto own = started();
  EXPECT_TRUE(commands.on_exited(own, exit_status::code(0)));
  EXPECT_TRUE(commands.on_exited(own, exit_status::code(1))) << "it is one of theirs still";
  commands.run(order(purpose::readiness), spec);
  EXPECT_TRUE(commands.on_exited(started(), exit_status::code(1)));
  commands.run(order(purpose::readiness), spec);
  EXPECT_TRUE(commands.on_spawn_failed(started(), "exec /x: no such file"));
  EXPECT_THAT(answers, ElementsAre("good", "its command true exited with code 1",
                                   "its command could not start: exec /x: no such file"));
}

TEST_F(SideCommands, TheirExitsAreAcknowledgedAtOnce) {
  commands.run(order(purpose::readiness), spec);
  const auto own = started();
  (void)commands.on_exited(own, exit_status::code(0));
  channel.flush();
  const auto heard = keeper.heard();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(std::get<wire::acknowledge_frame>(heard[0]).id, own.node);
}

TEST_F(SideCommands, ProcessesAreNotTheirs) {
  EXPECT_FALSE(commands.on_exited(web, exit_status::code(0)));
  EXPECT_FALSE(commands.on_spawn_failed(web, "why"));
  EXPECT_FALSE(commands.on_spawned({.id = web.node, .gen = web.generation}));
  EXPECT_FALSE(commands.take({.id = web.node, .gen = web.generation}));
}

TEST_F(SideCommands, WhatIsCancelledIsNotAnswered) {
  commands.run(order(purpose::health), spec);
  const auto health = started();
  commands.run(order(purpose::hook, 5), spec);
  const auto hook = started();
  commands.cancel(web, purpose::health);
  commands.cancel(web, purpose::hook, 4); // another
  (void)commands.on_exited(health, exit_status::signal(9));
  (void)commands.on_exited(hook, exit_status::code(0));
  EXPECT_THAT(answers, ElementsAre("good"));
}

TEST_F(SideCommands, OfAFormerDaemonAreEndedAndNobodyHears) {
  const living_process former;
  keeper::child child{.id = "shop/web#check"_node, .gen = 8, .pid = former.pid()};
  auto pidfd = os::open_pidfd(former.pid());
  ASSERT_TRUE(pidfd.ok());
  child.held.put(holding::pidfd, pidfd->duplicate());
  EXPECT_TRUE(commands.take(child));
  siginfo_t end{};
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(pidfd->get()), &end, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(end.si_status, SIGKILL);
  commands.run(order(purpose::readiness), spec);
  EXPECT_EQ(started().generation, 9u) << "no number is used twice";
}

} // namespace
} // namespace alder::actors::testing
