#include "runtime/base/pattern.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace alder {
namespace {

bool matches(const std::string& expression, std::string_view text) {
  const auto compiled = pattern::compile(expression);
  EXPECT_TRUE(compiled.ok()) << expression;
  return compiled.ok() && compiled->matches(text);
}

/// Why it is refused; empty when it is not.
std::string problem_of(const std::string& expression, std::size_t instructions = pattern::most_instructions) {
  const auto compiled = pattern::compile(expression, instructions);
  if (compiled.ok()) return {};
  EXPECT_EQ(compiled.failure().kind, error_kind::invalid_input);
  return compiled.failure().message;
}

TEST(Pattern, MatchesAnywhere) {
  EXPECT_TRUE(matches("stat(us|e)\": *\"ok", "{\"status\": \"ok\"}"));
  EXPECT_FALSE(matches("stat(us|e)\": *\"ok", "{\"status\": \"down\"}"));
}

TEST(Pattern, KnowsWhatExtendedExpressionsHave) {
  EXPECT_TRUE(matches("^[[:digit:]]{2,3}-(a|b)+$", "12-abab"));
  EXPECT_FALSE(matches("^[[:digit:]]{2,3}-(a|b)+$", "1-abab"));
  EXPECT_TRUE(matches("[]a]", "]"));
  EXPECT_TRUE(matches("[^[:space:]]\\.", "x."));
}

TEST(Pattern, TakesALineBreakAndANulForCharacters) {
  EXPECT_TRUE(matches("a.b", "a\nb"));
  EXPECT_TRUE(matches("a.b", std::string_view{"a\0b", 3}));
  EXPECT_FALSE(matches("^b", "a\nb"));
}

TEST(Pattern, SeesCharactersAndNotBytes) {
  EXPECT_TRUE(matches("^[äö].$", "öü"));
  EXPECT_FALSE(matches("[äö]", "ü"));
  EXPECT_TRUE(matches("(?i)STRASSE.É", "strasse é"));
}

TEST(Pattern, FindsWhatIsBesideBytesThatAreNotUtf8) {
  const std::string latin1 = "caf\xE9 is open\xFF\xC3";
  EXPECT_TRUE(matches("is open", latin1));
  EXPECT_TRUE(matches("^caf. is .*$", latin1));
  EXPECT_TRUE(matches("^caf\xEF\xBF\xBD is", latin1)); // as it is shown
  EXPECT_FALSE(matches("café", latin1));
}

TEST(Pattern, SaysWhatIsWrong) {
  EXPECT_EQ(problem_of("a(b"), "missing ): a(b");
  EXPECT_EQ(problem_of("[a"), "missing ]: [a");
  EXPECT_EQ(problem_of("\xFF"), "it is not UTF-8 text");
}

TEST(Pattern, SaysWhatToWriteForWhatOtherSyntaxesHave) {
  const auto hints = [](const std::string& expression, std::string_view hint) {
    return problem_of(expression).find(hint) != std::string::npos;
  };
  EXPECT_TRUE(hints("(a)\\1", "back-references such as \\1 are not supported"));
  for (const auto* around : {"a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(?>a)b"})
    EXPECT_TRUE(hints(around, "look-around")) << around;
  EXPECT_TRUE(hints("\\<word\\>", "write \\b"));
  EXPECT_TRUE(hints("\\`word", "write \\A"));
  EXPECT_TRUE(hints("a{,3}", "write {0,3}"));
  EXPECT_TRUE(hints("x[[=a=]]", "not supported in brackets"));
  EXPECT_TRUE(hints("a**", "in parentheses"));
  EXPECT_TRUE(hints("*a", "write \\ before"));
  EXPECT_TRUE(hints("a{1001}", "at most 1000"));
  EXPECT_TRUE(hints("end\\Z", "write \\z"));
}

TEST(Pattern, SeesOtherMeaningsWhereTheyAreMeant) {
  for (const auto* fine :
       {"[\\<]", "\\\\<", "\\Q\\<\\E", "a\\{,3}", "[a{,3}]", "{,}", "{,x}", "[[:alpha:]=]", "a{", "<b>"})
    EXPECT_EQ(problem_of(fine), "") << fine;
}

TEST(Pattern, HasLimits) {
  EXPECT_EQ(problem_of(std::string(pattern::longest, 'x'), 2000), "");
  EXPECT_EQ(problem_of(std::string(pattern::longest + 1, 'x'), 2000),
            "it is 1025 bytes long; at most 1024 are allowed");
  EXPECT_NE(problem_of("x{1,1000}y").find("too complex"), std::string::npos);
  EXPECT_EQ(problem_of("x{1,200}y"), "");
  EXPECT_NE(problem_of("x{1,200}y", 100).find("too complex"), std::string::npos);
}

TEST(Pattern, LooksAtTheBeginningOfALongTextAlone) {
  const std::string most(pattern::longest_text - 2, 'x');
  EXPECT_TRUE(matches("up", most + "up"));
  EXPECT_FALSE(matches("up", most + "xup"));
}

} // namespace
} // namespace alder
