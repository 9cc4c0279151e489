#include "runtime/policy/deadline.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using std::chrono::milliseconds;

class Deadline : public ::testing::Test {
protected:
  void at(milliseconds time) { out.begin(deadline::time_point{time}); }
  /// The timer that was armed last.
  arm_timer armed() {
    const auto effects = out.take();
    return effects.empty() ? arm_timer{} : std::get<arm_timer>(effects.back());
  }

  process_output out;
  deadline limit;
};

TEST_F(Deadline, IsTheTimerThatItArmedLast) {
  limit.arm(milliseconds{100}, out);
  const auto first = armed();
  EXPECT_EQ(first.after, milliseconds{100});
  EXPECT_TRUE(limit.is(first.token));
  limit.arm(milliseconds{200}, out);
  EXPECT_FALSE(limit.is(first.token));
  limit.disarm();
  EXPECT_FALSE(limit.is(0)) << "none is armed";
}

TEST_F(Deadline, IsPutOffByWhatTheProgramAsksForAndNeverShortened) {
  at(milliseconds{0});
  limit.arm(milliseconds{100}, out);
  limit.extend(milliseconds{500}, out);
  limit.extend(milliseconds{50}, out);
  at(milliseconds{100});
  EXPECT_TRUE(limit.is_put_off(out));
  EXPECT_EQ(armed().after, milliseconds{400});
  EXPECT_EQ(limit.patience(milliseconds{100}), "the time it asked for");
  at(milliseconds{500});
  EXPECT_FALSE(limit.is_put_off(out));
}

TEST_F(Deadline, WithoutAWishIsNotPutOff) {
  limit.arm(milliseconds{100}, out);
  EXPECT_FALSE(limit.is_put_off(out));
  EXPECT_EQ(limit.patience(milliseconds{1500}), "1.5s");
}

TEST_F(Deadline, AWishIsAboutOneLimitOnly) {
  at(milliseconds{0});
  limit.arm(milliseconds{100}, out);
  limit.extend(milliseconds{500}, out);
  limit.arm(milliseconds{100}, out);
  EXPECT_FALSE(limit.is_put_off(out));
  deadline next{deadline::time_point{milliseconds{500}}};
  next.arm_again(milliseconds{100}, out);
  EXPECT_TRUE(next.is_put_off(out)) << "it was given the wish";
}

} // namespace
} // namespace alder::policy
