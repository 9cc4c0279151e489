#include "runtime/base/actor_call.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

TEST(ActorCall, IsANameWithOptions) {
  EXPECT_EQ(parse_actor_call("ship"), (actor_call{"ship", {}}));
  EXPECT_EQ(parse_actor_call(" ship  port=5514 match='a b=c' "),
            (actor_call{"ship", {{"port", "5514"}, {"match", "a b=c"}}}));
  EXPECT_EQ(parse_actor_call("ship port= port=2"), (actor_call{"ship", {{"port", "2"}}}));
}

TEST(ActorCall, IsNothingElse) {
  for (const auto* text : {"", "  ", "''", "port=5514", "ship 5514", "ship =5514", "ship match='a"})
    EXPECT_EQ(parse_actor_call(text), std::nullopt) << text;
}

} // namespace
} // namespace alder
