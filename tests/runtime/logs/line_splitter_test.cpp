#include "runtime/logs/line_splitter.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace alder::logs {
namespace {

std::vector<line_piece> split(line_splitter& splitter, std::string_view bytes) {
  std::vector<line_piece> pieces;
  splitter.feed(bytes, pieces);
  return pieces;
}

/// Where the last `lines` lines begin when the text is looked at in blocks of `block` bytes.
std::size_t tail_of(std::string_view text, std::size_t lines, std::size_t block) {
  tail_search search{lines};
  for (auto end = text.size(); end > 0;) {
    const auto begin = end - std::min(end, block);
    if (const auto found = search.look(text.substr(begin, end - begin))) return begin + *found;
    end = begin;
  }
  return 0;
}

TEST(LineSplitter, GivesWholeLinesWhateverThePortions) {
  const std::string text = "one\n\nthree is longer\nrest";
  const std::vector<line_piece> expected{{100, "one", false}, {104, "", false}, {105, "three is longer", false}};
  for (std::size_t portion = 1; portion <= text.size(); ++portion) {
    line_splitter splitter{100};
    std::vector<line_piece> pieces;
    for (std::size_t at = 0; at < text.size(); at += portion)
      splitter.feed(std::string_view{text}.substr(at, portion), pieces);
    EXPECT_EQ(pieces, expected) << portion;
    EXPECT_EQ(splitter.line_begin(), 121U);
    EXPECT_EQ(splitter.take_rest(), (line_piece{121, "rest", true}));
    EXPECT_EQ(splitter.take_rest(), std::nullopt);
    EXPECT_EQ(splitter.line_begin(), 125U);
  }
}

TEST(LineSplitter, CutsALongLineIntoPartialPieces) {
  line_splitter splitter{0, 4};
  EXPECT_EQ(split(splitter, "12345678\n"), (std::vector<line_piece>{{0, "1234", true}, {4, "5678", false}}));
  EXPECT_EQ(split(splitter, "123456789\n1234\n"),
            (std::vector<line_piece>{{9, "1234", true}, {13, "5678", true}, {17, "9", false}, {19, "1234", false}}));
}

TEST(LineSplitter, CutsBetweenCharacters) {
  const std::string text = "12\u20ac4\u20ac\u20ac\xff\xff\xff\xff\xff\n";
  const std::vector<line_piece> expected{{0, "12", true},
                                         {2, "\u20ac4", true},
                                         {6, "\u20ac", true},
                                         {9, "\u20ac\xff", true},
                                         {13, "\xff\xff\xff\xff", false}};
  for (std::size_t portion = 1; portion <= text.size(); ++portion) {
    line_splitter splitter{0, 4};
    std::vector<line_piece> pieces;
    for (std::size_t at = 0; at < text.size(); at += portion)
      splitter.feed(std::string_view{text}.substr(at, portion), pieces);
    EXPECT_EQ(pieces, expected) << portion;
  }
}

TEST(LineSplitter, ALineOfExactlyTheLongestLengthIsWhole) {
  line_splitter splitter{0, 4};
  EXPECT_TRUE(split(splitter, "1234").empty());
  EXPECT_EQ(split(splitter, "\n"), (std::vector<line_piece>{{0, "1234", false}}));
}

TEST(TailSearch, FindsWhereTheLastLinesBegin) {
  for (std::size_t block = 1; block <= 10; ++block) {
    EXPECT_EQ(tail_of("a\nb\nc\n", 1, block), 4U) << block;
    EXPECT_EQ(tail_of("a\nb\nc\n", 2, block), 2U) << block;
    EXPECT_EQ(tail_of("a\nb\nc\n", 3, block), 0U) << block;
    EXPECT_EQ(tail_of("a\nb\nc\n", 9, block), 0U) << block;
    EXPECT_EQ(tail_of("a\nb\nc", 1, block), 4U) << block;
    EXPECT_EQ(tail_of("\n\n\n", 2, block), 1U) << block;
    EXPECT_EQ(tail_of("", 2, block), 0U) << block;
  }
}

} // namespace
} // namespace alder::logs
