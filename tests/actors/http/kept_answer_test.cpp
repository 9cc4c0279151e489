#include "actors/http/kept_answer.hpp"

#include <gtest/gtest.h>

namespace alder::actors {
namespace {

using namespace std::chrono_literals;

TEST(KeptAnswer, IsGivenForASecondAndToTheSameQuestionOnly) {
  kept_answer kept;
  const kept_answer::question asked{{{"usage", "1"}}, {"a notice"}, 7};
  EXPECT_EQ(kept.find(asked, wall_time{1h}), nullptr);
  kept.keep(asked, wall_time{1h}, "text");
  ASSERT_NE(kept.find(asked, wall_time{1h}), nullptr);
  EXPECT_EQ(*kept.find(asked, wall_time{1h + 999ms}), "text");
  EXPECT_EQ(kept.find(asked, wall_time{1h + 1s}), nullptr);
  EXPECT_EQ(kept.find(asked, wall_time{1h - 1ms}), nullptr) << "the clock went back";
  EXPECT_EQ(kept.find({{{"usage", "0"}}, {"a notice"}, 7}, wall_time{1h}), nullptr);
  EXPECT_EQ(kept.find({{{"usage", "1"}}, {}, 7}, wall_time{1h}), nullptr);
  EXPECT_EQ(kept.find({{{"usage", "1"}}, {"a notice"}, 8}, wall_time{1h}), nullptr) << "something has changed";
}

} // namespace
} // namespace alder::actors
