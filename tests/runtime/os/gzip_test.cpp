#include "runtime/os/gzip.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace alder::os {
namespace {

std::string unpacked(const std::string& path) {
  auto file = open_for_reading(path);
  if (!file) return "(" + file.failure().message + ")";
  gzip_reader reader{std::move(*file)};
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

TEST(Gzip, WhatIsCompressedComesBack) {
  const test::temporary_directory dir;
  for (const auto& text : {std::string{}, std::string{"x"}, std::string(65536, 'y'), long_text()}) {
    ASSERT_TRUE(append(dir / "plain", text));
    ASSERT_TRUE(compress_file(dir / "plain", dir / "packed.gz", wanted));
    EXPECT_EQ(unpacked(dir / "packed.gz"), text);
    EXPECT_EQ(facts_of(dir / "packed.gz")->modified, facts_of(dir / "plain")->modified);
    std::filesystem::remove(dir / "plain");
  }
}

TEST(Gzip, OthersCanReadIt) {
  const test::temporary_directory dir;
  ASSERT_TRUE(append(dir / "plain", long_text()));
  ASSERT_TRUE(compress_file(dir / "plain", dir / "packed.gz", wanted));
  EXPECT_EQ(std::system(("gzip -dc " + dir / "packed.gz" + " | cmp - " + dir / "plain").c_str()), 0); // NOLINT
}

TEST(Gzip, WhatIsNotWantedAnyMoreLeavesNothing) {
  const test::temporary_directory dir;
  ASSERT_TRUE(append(dir / "plain", long_text()));
  const auto stopped = compress_file(dir / "plain", dir / "packed.gz", [] { return false; });
  EXPECT_EQ(stopped.failure().kind, error_kind::unavailable);
  EXPECT_FALSE(std::filesystem::exists(dir / "packed.gz"));
}

TEST(Gzip, ADamagedFileEndsWhereItIsDamaged) {
  const test::temporary_directory dir;
  const auto text = long_text();
  ASSERT_TRUE(append(dir / "plain", text));
  ASSERT_TRUE(compress_file(dir / "plain", dir / "packed.gz", wanted));
  std::filesystem::resize_file(dir / "packed.gz", std::filesystem::file_size(dir / "packed.gz") / 2);
  const auto rest = unpacked(dir / "packed.gz");
  EXPECT_LT(rest.size(), text.size());
  EXPECT_EQ(rest, text.substr(0, rest.size()));
  ASSERT_TRUE(append(dir / "garbage", "this is not gzip"));
  EXPECT_EQ(unpacked(dir / "garbage"), "");
}

} // namespace
} // namespace alder::os
