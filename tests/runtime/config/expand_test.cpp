#include "runtime/config/expand.hpp"

#include <gtest/gtest.h>

#include <map>

namespace alder::config {
namespace {

using words = std::vector<std::string>;

using kind = expansion_problem::kind;

expansion expanded(std::string_view text) {
  static const std::map<std::string, std::string, std::less<>> variables{
      {"A", "x"}, {"EMPTY", ""}, {"SPACED", "a 'b"}, {"LONG", std::string(max_expanded / 2, 'l')}};
  return expand(text, [](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  });
}

std::string text_of(std::string_view text) {
  const auto e = expanded(text);
  EXPECT_TRUE(e.problems.empty()) << text;
  return joined(e);
}

TEST(Expand, ReplacesVariables) {
  EXPECT_EQ(text_of("1${A}2${A}"), "1x2x");
  EXPECT_EQ(text_of("${EMPTY}"), "");
  EXPECT_EQ(text_of(""), "");
}

TEST(Expand, UsesTheDefaultOfWhatIsUnsetOrEmpty) {
  EXPECT_EQ(text_of("${NONE:-d e}"), "d e");
  EXPECT_EQ(text_of("${EMPTY:-d}"), "d");
  EXPECT_EQ(text_of("${A:-d}"), "x");
  EXPECT_EQ(text_of("${NONE:-}"), "");
  EXPECT_EQ(text_of("${NONE:-${A}${NONE:-y}}z"), "xyz");
  EXPECT_EQ(text_of("${A:-${NONE}}"), "x");
}

TEST(Expand, LeavesOtherDollarsAlone) {
  EXPECT_EQ(text_of("$A $ $1 a$"), "$A $ $1 a$");
  EXPECT_EQ(text_of("$${A} $$ $$$${A}"), "${A} $ $${A}");
}

TEST(Expand, NamesWhatIsUndefinedAndWhere) {
  const auto e = expanded("ab${NONE}c${GONE}");
  ASSERT_EQ(e.problems.size(), 2U);
  EXPECT_EQ(e.problems[0].what, kind::undefined);
  EXPECT_EQ(e.problems[0].name, "NONE");
  EXPECT_EQ(e.problems[0].offset, 2U);
  EXPECT_EQ(e.problems[0].length, 7U);
  EXPECT_EQ(e.problems[1].offset, 10U);
}

TEST(Expand, RefusesWhatIsNotAVariable) {
  for (const auto* text : {"${", "${A", "${}", "${1}", "${A-b}", "${A:b}", "${A:-b", "${ A}", "${NONE:-${A}"}) {
    const auto e = expanded(text);
    ASSERT_FALSE(e.problems.empty()) << text;
    EXPECT_EQ(e.problems.back().what, kind::malformed) << text;
  }
}

TEST(Expand, LimitsNesting) {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i)
      text += "${N:-";
    return text + "x" + std::string(static_cast<std::size_t>(levels), '}');
  };
  EXPECT_EQ(text_of(nested(8)), "x");
  const auto e = expanded(nested(100'000));
  ASSERT_FALSE(e.problems.empty());
  EXPECT_EQ(e.problems[0].what, kind::malformed);
}

TEST(Expand, LimitsTheResult) {
  for (const auto* text : {"${LONG}${LONG}x", "${NONE:-${LONG}${LONG}${LONG}}"}) {
    const auto e = expanded(text);
    ASSERT_FALSE(e.problems.empty());
    EXPECT_EQ(e.problems.back().what, kind::too_long);
  }
}

TEST(ExpandedWords, KeepsAValueInsideItsWord) {
  EXPECT_EQ(expanded_words(expanded("a ${SPACED} \"b ${SPACED}\"'${A}' \\${A}")), (words{"a", "a 'b", "b a 'bx", "x"}));
  EXPECT_EQ(expanded_words(expanded("${EMPTY}")), (words{""}));
  EXPECT_EQ(expanded_words(expanded("a 'b")), std::nullopt);
}

} // namespace
} // namespace alder::config
