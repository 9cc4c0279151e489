#include "cli/common/service_name.hpp"

#include <gtest/gtest.h>

namespace alder::cli {
namespace {

TEST(ServiceName, IsTheProgramsWithoutPathAndEnding) {
  EXPECT_EQ(service_name_for("node"), "node");
  EXPECT_EQ(service_name_for("./jobs/mail.py"), "mail");
  EXPECT_EQ(service_name_for("/opt/my app/run it.sh"), "run-it");
  EXPECT_EQ(service_name_for("redis-server"), "redis-server");
}

TEST(ServiceName, IsNeverEmpty) {
  EXPECT_FALSE(service_name_for(".sh").empty());
  EXPECT_FALSE(service_name_for("/").empty());
  EXPECT_FALSE(service_name_for("邮件").empty());
}

} // namespace
} // namespace alder::cli
