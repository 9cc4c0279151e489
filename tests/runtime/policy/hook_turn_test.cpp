#include "runtime/policy/hook_turn.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using moment = run_hook::moment;

hooks_spec one_hook() {
  hooks_spec hooks;
  hooks.before_stop = {"drain"};
  hooks.timeout = milliseconds{5000};
  return hooks;
}

TEST(HookTurn, WithoutACommandThereIsNone) {
  process_output out;
  EXPECT_FALSE(hook_turn::begin(one_hook(), moment::after_exit, out));
  EXPECT_TRUE(out.take().empty());
}

TEST(HookTurn, RunsItsCommandForALimitedTime) {
  process_output out;
  const auto turn = hook_turn::begin(one_hook(), moment::before_stop, out);
  ASSERT_TRUE(turn);
  const auto effects = out.take();
  ASSERT_EQ(effects.size(), 2U);
  const auto timer = std::get<arm_timer>(effects[0]);
  const auto run = std::get<run_hook>(effects[1]);
  EXPECT_EQ(timer.after, milliseconds{5000});
  EXPECT_EQ(run.when, moment::before_stop);
  EXPECT_EQ(turn->ended_by(hook_done{run.token + 1, "of another"}), std::nullopt);
  EXPECT_EQ(turn->ended_by(hook_done{run.token, {}}), "");
  EXPECT_EQ(turn->ended_by(hook_done{run.token, "exited with code 1"}), "exited with code 1");
  EXPECT_EQ(turn->ended_by(timer_due{run.token}, out), std::nullopt);
  EXPECT_EQ(turn->ended_by(timer_due{timer.token}, out), "took longer than 5s");
  EXPECT_EQ(std::get<cancel_hook>(out.take().at(0)).token, run.token);
  EXPECT_EQ(turn->trouble("why"), "its hook before_stop failed: why");
}

TEST(HookTurn, EachMomentHasItsKeyAndCommand) {
  const hooks_spec hooks{{"a"}, {"b"}, {"c"}, {"d"}, milliseconds{1}};
  const std::vector<std::pair<moment, std::string>> all{
      {moment::before_start, "a"}, {moment::after_start, "b"}, {moment::before_stop, "c"}, {moment::after_exit, "d"}};
  for (const auto& [when, command] : all)
    EXPECT_EQ(command_of(hooks, when), std::vector<std::string>{command}) << word(when);
}

} // namespace
} // namespace alder::policy
