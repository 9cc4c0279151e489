#include "runtime/base/path.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

TEST(AbsolutePath, StartsARelativePathAtTheDirectory) {
  EXPECT_EQ(absolute_path("server", "/srv/shop"), "/srv/shop/server");
  EXPECT_EQ(absolute_path("/etc/x", "/srv/shop"), "/etc/x");
  EXPECT_EQ(absolute_path("", "/srv/shop/"), "/srv/shop");
}

TEST(AbsolutePath, TakesDotsAndDoubledSlashesOut) {
  EXPECT_EQ(absolute_path("./a//b/../c", "/srv"), "/srv/a/c");
  EXPECT_EQ(absolute_path("../../../x", "/srv"), "/x");
  EXPECT_EQ(absolute_path("..", "/srv"), "/");
}

} // namespace
} // namespace alder
