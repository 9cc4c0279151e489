#include "runtime/base/utf8.hpp"

#include <gtest/gtest.h>

#include <random>

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
