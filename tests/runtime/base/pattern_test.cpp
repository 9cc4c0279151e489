#include "runtime/base/pattern.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

TEST(Pattern, MatchesAnywhere) {
  const auto ok = pattern::compile("stat(us|e)\": *\"ok");
  ASSERT_TRUE(ok.ok());
  EXPECT_TRUE(ok->matches("{\"status\": \"ok\"}"));
  EXPECT_FALSE(ok->matches("{\"status\": \"down\"}"));
}

TEST(Pattern, SaysWhatIsWrong) {
  const auto broken = pattern::compile("a(b");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.failure().kind, error_kind::invalid_input);
  EXPECT_FALSE(broken.failure().message.empty());
}

} // namespace
} // namespace alder
