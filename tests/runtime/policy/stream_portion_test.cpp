#include "runtime/policy/stream_portion.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

TEST(StreamPortion, IsSharedByThoseThatAreMany) {
  EXPECT_EQ(stream_portion(0), 32U * 1024);
  EXPECT_EQ(stream_portion(1), 32U * 1024);
  EXPECT_EQ(stream_portion(512), 32U * 1024);
  EXPECT_EQ(stream_portion(1024), 16U * 1024);
  EXPECT_EQ(stream_portion(4096), 4U * 1024);
  EXPECT_EQ(stream_portion(1'000'000), 4U * 1024);
}

} // namespace
} // namespace alder::policy
