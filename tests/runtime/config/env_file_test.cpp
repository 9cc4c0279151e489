#include "runtime/config/env_file.hpp"

#include <gtest/gtest.h>

namespace alder::config {
namespace {

using variables = std::vector<std::pair<std::string, std::string>>;

TEST(EnvFile, ReadsNamesAndValues) {
  const auto file =
      parse_env_file("A=1\n\n# comment\n  B = two words  \nexport C=3\r\nD=\nE=a=b#c\nF=x # y\nG=$A ${A}\n");
  EXPECT_TRUE(file.problems.empty());
  EXPECT_EQ(
      file.variables,
      (variables{{"A", "1"}, {"B", "two words"}, {"C", "3"}, {"D", ""}, {"E", "a=b#c"}, {"F", "x"}, {"G", "$A ${A}"}}));
}

TEST(EnvFile, ReadsQuotedValues) {
  const auto file = parse_env_file("A=' x # \\n'\nB=\"a\\nb\\\"\\$c\\z\" # c\nC=\"\"\n");
  EXPECT_TRUE(file.problems.empty());
  EXPECT_EQ(file.variables, (variables{{"A", " x # \\n"}, {"B", "a\nb\"$c\\z"}, {"C", ""}}));
}

TEST(EnvFile, NamesTheLinesThatAreWrongAndReadsTheOthers) {
  const auto file = parse_env_file("A=1\noops\n1B=2\nC='x\nD=\"x\" y\n=\nE=5\n");
  EXPECT_EQ(file.variables, (variables{{"A", "1"}, {"E", "5"}}));
  ASSERT_EQ(file.problems.size(), 5U);
  EXPECT_EQ(file.problems[0].line, 2U);
  EXPECT_EQ(file.problems[0].what, "there is no '='");
  EXPECT_EQ(file.problems[1].what, "'1B' cannot be the name of a variable");
  EXPECT_EQ(file.problems[2].what, "the quote is not closed");
  EXPECT_EQ(file.problems[3].what, "there is text after the closing quote");
  EXPECT_EQ(file.problems[4].line, 6U);
}

TEST(EnvFile, KeepsAtMostTwentyProblems) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "x\n";
  EXPECT_EQ(parse_env_file(text).problems.size(), 20U);
}

} // namespace
} // namespace alder::config
