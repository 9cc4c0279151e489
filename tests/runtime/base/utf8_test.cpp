#include "runtime/base/utf8.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace alder {
namespace {

TEST(Utf8, FindsTheFirstByteThatIsNone) {
  EXPECT_EQ(find_invalid_utf8(""), 0U);
  EXPECT_EQ(find_invalid_utf8("a\u00e9\u20ac\U0001F333"), 10U);
  EXPECT_EQ(find_invalid_utf8("ab\xff"), 2U);
  EXPECT_EQ(find_invalid_utf8("ab\xc3"), 2U) << "cut short";
  EXPECT_EQ(find_invalid_utf8("\xc0\x80"), 0U) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xed\xa0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0U) << "beyond U+10FFFF";
}

TEST(Utf8, KnowsACharacterWhoseRestIsMissing) {
  const std::string text = "a\u00e9\u20ac\U0001F333"; // of 1, 2, 3 and 4 bytes
  const std::vector<std::size_t> missing{0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0};
  for (std::size_t size = 0; size <= text.size(); ++size)
    EXPECT_EQ(unfinished_character(std::string_view{text}.substr(0, size)), missing[size]) << size;
  for (const auto* broken : {"\x80", "\xff", "a\xc0", "\xc1", "\xe0\x80", "\xed\xa0", "\xf4\x90", "\xf5",
                             "\xf0\x80\x80", "\xe2\x82\xac\x80", "\xc3\xa9\xbf\xbf\xbf\xbf"})
    EXPECT_EQ(unfinished_character(broken), 0U) << broken;
  EXPECT_EQ(unfinished_character("\xff\xe0\xa0"), 2U);
  EXPECT_EQ(unfinished_character("\xf4\x8f\xbf"), 3U);
}

TEST(Utf8, ClipsBetweenCharacters) {
  const std::string text = "a\u00e9\u20ac";
  EXPECT_EQ(clipped(text, 100), text);
  EXPECT_EQ(clipped(text, 6), text);
  EXPECT_EQ(clipped(text, 5), "a\u00e9");
  EXPECT_EQ(clipped(text, 3), "a\u00e9");
  EXPECT_EQ(clipped(text, 2), "a");
  EXPECT_EQ(clipped(text, 0), "");
  EXPECT_EQ(clipped("\u20ac", 2), "\xe2\x82") << "there is no whole one, and something has to go";
  EXPECT_EQ(clipped("\x80\x80\x80\x80", 2), "\x80\x80");
}

TEST(Base64, IsThatOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("\xff\xfb\xff"), "//v/");
}

TEST(Base64, AnyBytesComeBack) {
  std::minstd_rand random{1};
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random() >> 8U);
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
}

TEST(Base64, OtherTextIsNone) {
  for (const auto* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "====", "Z===", "Zm9v\n", "Zm9*", "Z=9v"})
    EXPECT_FALSE(from_base64(text)) << text;
}

} // namespace
} // namespace alder
