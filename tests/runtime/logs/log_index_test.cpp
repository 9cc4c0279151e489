#include "runtime/logs/log_index.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <vector>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;
using index_records = std::vector<wire::log_index_record>;

constexpr os::file_time otherwise{99s};

void write_index(const std::string& file, const index_records& all) {
  for (const auto& record : all) {
    const auto bytes = wire::encode(record);
    ASSERT_TRUE(test::append(wire::log_index_path(file), {bytes.data(), bytes.size()}));
  }
}

std::optional<std::uint64_t> chunk_of(const index_records& all, std::uint64_t offset) {
  return find_chunk(
      all.size(), [&](std::uint64_t at) { return std::optional{all.at(at)}; }, offset);
}

TEST(LogIndex, FindsTheChunkAByteCameIn) {
  const index_records all{{10, 0}, {20, 0}, {20, 0}, {30, 0}};
  EXPECT_EQ(chunk_of(all, 9), std::nullopt);
  EXPECT_EQ(chunk_of(all, 10), 0U);
  EXPECT_EQ(chunk_of(all, 19), 0U);
  EXPECT_EQ(chunk_of(all, 20), 2U);
  EXPECT_EQ(chunk_of(all, 1000), 3U);
  EXPECT_EQ(chunk_of({}, 0), std::nullopt);
}

TEST(LogIndex, ChunksKnowWhoWroteThem) {
  const test::temporary_directory dir;
  const wire::log_origin second{.err = true, .instance = 2};
  write_index(dir / "out", {{0, 1}, {10, 2, second}, {20, 3}, {20, 4 | wire::log_index_record::end_of_run, second}});
  log_index index{dir / "out"};
  index.refresh(otherwise);
  EXPECT_EQ(index.chunk_at(9).origin, wire::log_origin{});
  EXPECT_EQ(index.chunk_at(10).origin, second);
  EXPECT_EQ(index.ends_of_runs(9).size(), 1U);
  EXPECT_EQ(index.ends_of_runs(9, 2).size(), 1U);
  EXPECT_EQ(index.ends_of_runs(9, 1).size(), 0U);
}

TEST(LogIndex, ARecordThatCannotBeReadIsNoChunk) {
  EXPECT_EQ(find_chunk(
                1000, [](std::uint64_t) { return std::nullopt; }, 5),
            std::nullopt);
}

TEST(LogIndex, TimesAreThoseOfTheChunks) {
  const test::temporary_directory dir;
  index_records all;
  for (std::uint64_t i = 0; i < 1000; ++i)
    all.push_back({i * 10, i + 1});
  write_index(dir / "out", all);
  log_index index{dir / "out"};
  index.refresh(otherwise);
  for (std::uint64_t offset = 0; offset < 10'000; offset += 5)
    ASSERT_EQ(index.time_at(offset), os::file_time{std::chrono::nanoseconds{offset / 10 + 1}}) << offset;
  for (const std::uint64_t offset : {9999U, 3U, 7777U, 4000U, 0U})
    EXPECT_EQ(index.time_at(offset), os::file_time{std::chrono::nanoseconds{offset / 10 + 1}}) << offset;
}

TEST(LogIndex, NoticesWhatIsWrittenLater) {
  const test::temporary_directory dir;
  log_index index{dir / "out"};
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(0), otherwise);
  write_index(dir / "out", {{0, 7}});
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(50), os::file_time{7ns});
  write_index(dir / "out", {{40, 8}});
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(39), os::file_time{7ns});
  EXPECT_EQ(index.time_at(50), os::file_time{8ns});
}

TEST(LogIndex, WhatIsOlderThanTheIndexIsAsOldAsItsFirstRecord) {
  const test::temporary_directory dir;
  write_index(dir / "out", {{100, 7}, {200, 8}});
  log_index index{dir / "out"};
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(5), os::file_time{7ns});
}

TEST(LogIndex, DamageCostsExactnessOnly) {
  const test::temporary_directory dir;
  write_index(dir / "out", {{500, 3}, {0, std::numeric_limits<std::uint64_t>::max()}, {7, 5}});
  ASSERT_TRUE(test::append(wire::log_index_path(dir / "out"), "torn"));
  log_index index{dir / "out"};
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(3), otherwise) << "a time that cannot be";
  for (const std::uint64_t offset : {0U, 6U, 7U, 499U, 500U, 501U})
    (void)index.time_at(offset);
  std::filesystem::resize_file(wire::log_index_path(dir / "out"), 3);
  index.refresh(otherwise);
  EXPECT_EQ(index.time_at(7), otherwise);
}

} // namespace
} // namespace alder::logs
