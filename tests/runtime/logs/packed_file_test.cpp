#include "runtime/logs/packed_file.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"
#include "runtime/wire/log_archive_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

namespace alder::logs {
namespace {

std::string unpacked(const std::string& path, log_compression how) {
  auto file = os::open_for_reading(path);
  if (!file) return "(" + file.failure().message + ")";
  packed_reader reader{std::move(*file), how};
  std::string all;
  std::array<char, 1000> block{};
  for (;;) {
    const auto got = reader.read(block);
    if (!got) return "(" + got.failure().message + ")";
    all.append(block.data(), *got);
    if (*got < block.size()) return all;
  }
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 200'000; ++i)
    text += "line " + std::to_string(i) + "\n";
  return text;
}

const auto wanted = [] { return true; };

class PackedFile : public testing::TestWithParam<log_compression> {
protected:
  outcome compress(const std::function<bool()>& is_wanted = wanted) {
    return compress_file(plain, packed, GetParam(), is_wanted);
  }
  [[nodiscard]] std::string unpacked() const { return logs::unpacked(packed, GetParam()); }

  const test::temporary_directory dir;
  const std::string plain = dir / "plain";
  const std::string packed = dir / "packed";
};

INSTANTIATE_TEST_SUITE_P(Each, PackedFile, testing::Values(log_compression::gzip, log_compression::zstd),
                         [](const auto& how) { return how.param == log_compression::zstd ? "Zstd" : "Gzip"; });

TEST_P(PackedFile, WhatIsCompressedComesBack) {
  // The last is far larger than what it is compressed to: all of it has been read long before the last of it comes out.
  for (const auto& text : {std::string{}, std::string{"x"}, std::string(65536, 'y'), long_text(),
                           std::string(std::size_t{10} * 1024 * 1024, 'z')}) {
    ASSERT_TRUE(test::append(plain, text));
    ASSERT_TRUE(compress());
    EXPECT_EQ(unpacked(), text);
    EXPECT_EQ(os::facts_of(packed)->modified, os::facts_of(plain)->modified);
    std::filesystem::remove(plain);
  }
}

TEST_P(PackedFile, WhatCannotBeCompressedComesBack) {
  std::minstd_rand random{1};
  std::string text(std::size_t{3} * 1024 * 1024, '\0');
  for (auto& c : text)
    c = static_cast<char>(random() >> 8U);
  ASSERT_TRUE(test::append(plain, text));
  ASSERT_TRUE(compress());
  EXPECT_TRUE(unpacked() == text);
}

TEST_P(PackedFile, OthersCanReadIt) {
  ASSERT_TRUE(test::append(plain, long_text()));
  ASSERT_TRUE(compress());
  const std::string program = GetParam() == log_compression::zstd ? "zstd" : "gzip";
  EXPECT_EQ(std::system((program + " -dc <" + packed + " | cmp - " + plain).c_str()), 0); // NOLINT
}

TEST_P(PackedFile, WhatIsNotWantedAnyMoreLeavesNothing) {
  ASSERT_TRUE(test::append(plain, long_text()));
  const auto stopped = compress([] { return false; });
  EXPECT_EQ(stopped.failure().kind, error_kind::unavailable);
  EXPECT_FALSE(std::filesystem::exists(packed));
}

TEST_P(PackedFile, ADamagedFileEndsWhereItIsDamaged) {
  const auto text = long_text();
  ASSERT_TRUE(test::append(plain, text));
  ASSERT_TRUE(compress());
  std::filesystem::resize_file(packed, std::filesystem::file_size(packed) / 2);
  const auto rest = unpacked();
  EXPECT_LT(rest.size(), text.size());
  EXPECT_GT(rest.size(), text.size() / 10);
  EXPECT_EQ(rest, text.substr(0, rest.size()));
  ASSERT_TRUE(test::append(dir / "garbage", "this is compressed by nobody"));
  EXPECT_EQ(logs::unpacked(dir / "garbage", GetParam()), "");
}

TEST_P(PackedFile, IsOpenedWhereThePlainOneIsNot) {
  ASSERT_TRUE(test::append(plain, "x"));
  ASSERT_TRUE(compress_file(plain, plain + std::string{wire::ending_of(GetParam())}, GetParam(), wanted));
  EXPECT_EQ(open_packed(plain)->how, log_compression::none);
  std::filesystem::remove(plain);
  auto opened = open_packed(plain);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->how, GetParam());
  EXPECT_EQ(open_packed(dir / "none").failure().kind, error_kind::not_found);
}

} // namespace
} // namespace alder::logs
