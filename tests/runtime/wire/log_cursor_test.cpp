#include "runtime/wire/log_cursor.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

log_cursor some_cursor() {
  return {.source = {{"shop", "api:0"}, "out"},
          .place = {.offset = 812'000,
                    .inode = 41,
                    .begun_ns = 1'796'000'000'123'456'789,
                    .stamp_us = 1'796'000'001'000'000,
                    .at_ms = 1'796'000'000'999,
                    .compared = 64,
                    .digest = 0xFFFFFFFF}};
}

TEST(LogCursor, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_log_cursor(text_of(some_cursor())), some_cursor());
  const log_cursor nowhere{.source = {{"t", "s"}, "err"}, .place = {}};
  EXPECT_EQ(parse_log_cursor(text_of(nowhere)), nowhere);
}

TEST(LogCursor, IsShortAndNeedsNoQuotes) {
  const auto text = text_of(some_cursor());
  EXPECT_LT(text.size(), 80U);
  EXPECT_EQ(text.find_first_of(" \"'&%#?+\\"), std::string::npos) << text;
  EXPECT_EQ(text.substr(0, text.find('@')), "shop/api:0/out");
}

TEST(LogCursor, ASourceMayHaveAnyName) {
  auto cursor = some_cursor();
  cursor.source = {{"t@ee", "sérvice"}, "out"};
  EXPECT_EQ(parse_log_cursor(text_of(cursor)), cursor);
}

TEST(LogCursor, AnythingElseIsNone) {
  const auto good = text_of(some_cursor());
  for (const auto* bad : {"",
                          "@",
                          "shop/api/out",
                          "shop/api/out@",
                          "@0.0.0.0.0.0.0",
                          "a@0.0.0.0.0.0.0",
                          "a/b@0.0.0.0.0.0.0",
                          "a/b/@0.0.0.0.0.0.0",
                          "a//out@0.0.0.0.0.0.0",
                          "a/b/out@0.0.0.0.0.0",
                          "a/b/out@0.0.0.0.0.0.0.0",
                          "a/b/out@0.0.0.0.0.0.",
                          "a/b/out@.0.0.0.0.0.0",
                          "a/b/out@-1.0.0.0.0.0.0",
                          "a/b/out@0.0.0.0.-1.0.0",
                          "a/b/out@0.0.0.-1.0.0.0",
                          "a/b/out@00.0.0.0.0.0.0",
                          "a/b/out@A.0.0.0.0.0.0",
                          "a/b/out@ 0.0.0.0.0.0.0",
                          "a/b/out@0.0.0.0.0.0.0 ",
                          "a/b/out@0.0.0.0.0.0.1z141z4",
                          "a/b/out@3w5e11264sgsg.0.0.0.0.0.0",
                          "a/b/out@0.0.3w5e11264sgsf.0.0.0.0",
                          "a/b/out@0.0.0.0.1y2p0ij32e8e7.0.0",
                          "a/b/out@0.0.0.1y2p0ij32e8e7.0.0.0"})
    EXPECT_FALSE(parse_log_cursor(bad)) << bad;
  EXPECT_FALSE(parse_log_cursor("a/b/out@1t.0.0.0.0.1t.0")) << "more is compared than ever is";
  EXPECT_FALSE(parse_log_cursor("a/b/out@1.0.0.0.0.2.0")) << "there are not so many bytes before it";
  EXPECT_TRUE(parse_log_cursor("a/b/out@2.0.0.0.0.2.0"));
  EXPECT_FALSE(parse_log_cursor(std::string(2000, 'a') + good.substr(good.find('@'))));
}

TEST(LogCursor, TheDigestCanBeTakenInParts) {
  EXPECT_EQ(digest_of("world", digest_of("hello ")), digest_of("hello world"));
  EXPECT_NE(digest_of("tick 1\n"), digest_of("tick 2\n"));
}

} // namespace
} // namespace alder::wire
