#include "actors/host/control_groups.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

namespace alder::actors {
namespace {

TEST(ControlGroups, AreOnlyRefusedToThoseThatWantOneWhereThereAreNone) {
  boost::asio::io_context loop;
  const keeper_gate gate;
  control_groups groups{loop, gate};
  service_spec spec;
  const auto none = groups.give({"shop/web"_node, 1}, spec);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, "");
  spec.attributes.cgroup.emplace();
  const auto refused = groups.give({"shop/web"_node, 1}, spec);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().kind, error_kind::unavailable);
  EXPECT_EQ(groups.find({"shop/web"_node, 1}), "");
  groups.drop(""); // nothing happens
}

TEST(ControlGroups, TheKernelSaysNothingAboutAProcessWithoutOne) { EXPECT_EQ(kernel_words(held_process{}), ""); }

} // namespace
} // namespace alder::actors
