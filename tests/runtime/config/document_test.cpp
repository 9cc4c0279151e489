#include "runtime/config/document.hpp"

#include <gtest/gtest.h>

namespace alder::config {
namespace {

TEST(TextMap, CountsLinesAndCharactersFromOne) {
  const text_map map{"ab\n邮件x\n"};
  EXPECT_EQ(map.locate(0).line, 1U);
  EXPECT_EQ(map.locate(1).column, 2U);
  EXPECT_EQ(map.locate(9).line, 2U);
  EXPECT_EQ(map.locate(9).column, 3U);
  EXPECT_EQ(map.locate(1000).line, 3U);
}

TEST(TextMap, GivesLinesWithoutTheirEnds) {
  const text_map map{"a\r\nbc\nd"};
  EXPECT_EQ(map.line_at(0), "a");
  EXPECT_EQ(map.line_at(4), "bc");
  EXPECT_EQ(map.line_at(99), "d");
  EXPECT_EQ(map.start_of_line(3), 6U);
  EXPECT_EQ(map.start_of_line(9), 7U);
}

TEST(TextMap, CutsASpanOffAtTheEndOfItsFirstLine) {
  const text_map map{"abc\ndef"};
  EXPECT_EQ(map.end_column({1, 6}), 4U);
  EXPECT_EQ(map.end_column({1, 1}), 3U);
  EXPECT_EQ(map.end_column({3, 3}), 5U);
}

TEST(Node, FindsEntriesByKey) {
  node mapping;
  mapping.is = node::shape::mapping;
  mapping.entries.push_back({"a", {}, std::make_shared<node>()});
  EXPECT_NE(mapping.find("a"), nullptr);
  EXPECT_EQ(mapping.find("b"), nullptr);
}

} // namespace
} // namespace alder::config
