#include "runtime/wire/log_json.hpp"

#include "tests/runtime/wire/examples.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

TEST(LogLineJson, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(log_line_json({moment, "shop", "api:0", "out",
                           "a\xff"
                           "b\xc3",
                           false}),
            R"({"at":"2026-11-22T17:45:02.113Z","tree":"shop","service":"api:0","stream":"out","line":"a)"
            "\xef\xbf\xbd"
            "b"
            "\xef\xbf\xbd"
            R"(","bytes":"Yf9iww=="})");
}

TEST(LogLineJson, APieceOfALineSaysSo) {
  const auto text = log_line_json({moment, "shop", "api", "err", "x", true});
  EXPECT_NE(text.find(R"("line":"x","partial":true})"), std::string::npos);
}

TEST(LogLineJson, IsReadBackByteForByte) {
  for (const auto& line : {log_line{moment, "shop", "api:0", "err", "a\xff\xc3", true, "shop/api:0/err@1"},
                           log_line{moment, "", "db", "out", "\u20ac\tx", false}}) {
    const auto item = read_log_item(log_line_json(line));
    ASSERT_TRUE(item) << item.failure().message;
    const auto& back = std::get<log_line>(*item);
    EXPECT_EQ(back.line, line.line);
    EXPECT_EQ(back.is_err(), line.stream == "err");
    EXPECT_EQ(log_line_json(back), log_line_json(line));
  }
}

TEST(LogItem, IsALineAGapOrCursors) {
  const log_gap gap{moment, moment + std::chrono::seconds{2}, "shop", "api:0", "out"};
  EXPECT_EQ(log_gap_json(std::get<log_gap>(*read_log_item(log_gap_json(gap)))), log_gap_json(gap));
  const std::vector<std::string> cursors{"a@1", "b@2"};
  EXPECT_EQ(std::get<log_cursors>(*read_log_item(log_cursors_json(cursors))).cursors, cursors);
  EXPECT_FALSE(read_log_item("7"));
}

TEST(LogCursors, AreReadBackFromABody) {
  const std::vector<std::string> cursors{"shop/api:0/out@2s.5", "x"};
  EXPECT_EQ(*parse_cursors(after_body(cursors)), cursors);
  EXPECT_TRUE(parse_cursors("")->empty());
  for (const auto* body : {"{}", R"({"after":"x"})", R"({"after":[1]})", R"({"before":[]})", "["})
    EXPECT_FALSE(parse_cursors(body)) << body;
}

} // namespace
} // namespace alder::wire
