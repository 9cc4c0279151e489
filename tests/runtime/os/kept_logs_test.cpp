#include "runtime/os/kept_logs.hpp"

#include "tests/support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeptLogs, AreTheFilesOfServicesWithoutArchivesAndIndexes) {
  const test::temporary_directory home;
  ASSERT_EQ(::mkdir((home / "shop").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((home / "shop/odd.out.log").c_str(), 0700), 0);
  for (const auto* name : {"shop/web:0.out.log", "shop/web:0.err.log", "shop/web:0.out.log.idx", "shop/db.out.log",
                           "shop/db.out.log.20261130T120000.000.zst", "shop/.out.log", "stray.out.log"})
    std::ofstream{home / name} << "text";
  ASSERT_EQ(::symlink("/etc/passwd", (home / "shop/link.out.log").c_str()), 0);
  EXPECT_THAT(kept_logs(home.path()), ElementsAre(kept_log{"shop", "db", home / "shop/db.out.log", 4, false},
                                                  kept_log{"shop", "web:0", home / "shop/web:0.out.log", 4, false},
                                                  kept_log{"shop", "web:0", home / "shop/web:0.err.log", 4, true}));
}

TEST(KeptLogs, OfADirectoryThatIsNotThereThereAreNone) { EXPECT_THAT(kept_logs("/nonexistent/log"), IsEmpty()); }

} // namespace
} // namespace alder::os
