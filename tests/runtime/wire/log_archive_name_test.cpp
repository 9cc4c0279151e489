#include "runtime/wire/log_archive_name.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

constexpr archive_time archived_at{1795827723456789us}; // 2026-11-28 01:02:03.456789

TEST(LogArchiveName, AStampTellsItsMoment) {
  EXPECT_EQ(archive_stamp(archived_at), "20261128T010203.456789Z");
  EXPECT_EQ(parse_archive_stamp("20261128T010203.456789Z"), archived_at);
}

TEST(LogArchiveName, WhatIsNoMomentIsNoStamp) {
  for (const auto* wrong : {"", "20261128T010203.456789", "20261328T010203.456789Z", "20261128T240203.456789Z",
                            "20261128T016003.456789Z", "20261128 010203.456789Z", "2026112XT010203.456789Z"})
    EXPECT_FALSE(parse_archive_stamp(wrong)) << wrong;
}

TEST(LogArchiveName, NamesAreReadAsTheyAreWritten) {
  const std::string base = "/l/web.out.log.20261128T010203.456789Z";
  for (const auto* end : {"", ".gz", ".idx", ".idx.gz", ".gz.tmp", ".idx.gz.tmp", ".zst", ".idx.zst", ".idx.zst.tmp"}) {
    const auto name = parse_archive_name(base + end);
    ASSERT_TRUE(name) << end;
    EXPECT_EQ(name->live, "/l/web.out.log");
    EXPECT_EQ(text_of(*name), base + end);
  }
  EXPECT_TRUE(parse_archive_name(base + ".idx.gz")->is_index);
  EXPECT_EQ(parse_archive_name(base + ".gz")->compression, log_compression::gzip);
  EXPECT_EQ(parse_archive_name(base + ".idx.zst")->compression, log_compression::zstd);
}

TEST(LogArchiveName, OtherFilesAreNoArchives) {
  for (const auto* other : {"web.out.log", "web.out.log.idx", "web.out.log.1", ".20261128T010203.456789Z",
                            "web.out.log.20261128T010203.456789Z.old"})
    EXPECT_FALSE(parse_archive_name(other)) << other;
}

TEST(LogArchiveName, LaterStampsSortLater) {
  EXPECT_LT(archive_stamp(archived_at), archive_stamp(archived_at + 1us));
  EXPECT_LT(archive_stamp(archived_at), archive_stamp(archived_at + 24h * 365));
}

} // namespace
} // namespace alder::wire
