#include "runtime/config/context.hpp"

#include <gtest/gtest.h>

namespace alder::config {
namespace {

TEST(AbsolutePath, StartsAtTheDirectoryOfTheFile) {
  source from;
  from.file = "/srv/shop/alder.yaml";
  const context in{from};
  EXPECT_EQ(absolute_path(in, "a/./b"), "/srv/shop/a/b");
  EXPECT_EQ(absolute_path(in, "../x//y/"), "/srv/x/y");
  EXPECT_EQ(absolute_path(in, "../../../.."), "/");
  EXPECT_EQ(absolute_path(in, "/etc/./x"), "/etc/x");
  EXPECT_EQ(absolute_path(in, ""), "/srv/shop");
}

TEST(AbsolutePath, BehindALinkLeavesTheWayUpToTheKernel) {
  source from;
  from.file = "/srv/current/alder.yaml";
  from.through_link = true;
  const context in{from};
  EXPECT_EQ(absolute_path(in, "../shared"), "/srv/current/../shared");
  EXPECT_EQ(absolute_path(in, "a/../../b"), "/srv/current/a/../../b");
  EXPECT_EQ(absolute_path(in, "a/./b"), "/srv/current/a/b");
  EXPECT_EQ(absolute_path(in, "/etc/../x"), "/x");
  EXPECT_EQ(absolute_path(in, ""), "/srv/current");
}

TEST(MadeValid, KeepsWhatANameMayHave) {
  EXPECT_EQ(made_valid("shop"), "shop");
  EXPECT_EQ(made_valid("my  shop!"), "my-shop");
  EXPECT_EQ(made_valid(".hidden"), "hidden");
  EXPECT_EQ(made_valid("邮件"), "tree");
  EXPECT_EQ(made_valid(std::string(100, 'a')).size(), 64U);
}

} // namespace
} // namespace alder::config
