#include "runtime/config/env_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace alder::config {
namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;
using words = std::vector<std::string>;

pairs variables_of(const env_file& file) {
  pairs all;
  for (const auto& variable : file.variables)
    all.emplace_back(variable.name, variable.value);
  return all;
}

/// "3: there is no '='", with "(warning)" behind those that are none.
words problems_of(const env_file& file) {
  words all;
  for (const auto& problem : file.problems)
    all.push_back(std::to_string(problem.line) + ": " + problem.what + (problem.is_warning ? " (warning)" : ""));
  return all;
}

/// Of a text without problems.
pairs read(std::string_view text) {
  const auto file = parse_env_file(text);
  EXPECT_EQ(problems_of(file), words{});
  return variables_of(file);
}

TEST(EnvFile, ReadsNamesAndValues) {
  EXPECT_EQ(
      read("A=1\n\n# comment\n  B = two words  \nexport C=3\r\nD=\nE=a=b#c\nF=x # y\nG=$A ${A}\n"),
      (pairs{{"A", "1"}, {"B", "two words"}, {"C", "3"}, {"D", ""}, {"E", "a=b#c"}, {"F", "x"}, {"G", "$A ${A}"}}));
}

TEST(EnvFile, ReadsQuotedValues) {
  EXPECT_EQ(read("A=' x # \\n'\nB=\"a\\nb\\\"\\$c\\z\" # c\nC=\"\"\n"),
            (pairs{{"A", " x # \\n"}, {"B", "a\nb\"$c\\z"}, {"C", ""}}));
}

TEST(EnvFile, AValueMayBeginWithAHash) {
  EXPECT_EQ(read("A=#ff0000\nB=#a #b\nC=\"#x\"\nD= # nothing\nE=\t#nothing\nF=x\t# y\n"),
            (pairs{{"A", "#ff0000"}, {"B", "#a"}, {"C", "#x"}, {"D", ""}, {"E", ""}, {"F", "x"}}));
}

TEST(EnvFile, AQuotedValueMayHaveManyLines) {
  const auto file = parse_env_file("KEY=\"-----BEGIN KEY-----\nabc=\n# no comment\n-----END KEY-----\"  # a key\n"
                                   "B='x\n\n y'\nC=3\noops\n");
  EXPECT_EQ(
      variables_of(file),
      (pairs{{"KEY", "-----BEGIN KEY-----\nabc=\n# no comment\n-----END KEY-----"}, {"B", "x\n\n y"}, {"C", "3"}}));
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].line, 9U);
  EXPECT_EQ(file.variables[1].line, 5U);
}

TEST(EnvFile, LineEndsOfOtherSystemsAreLineFeeds) {
  EXPECT_EQ(read("A=\"x\r\ny\"\r\nB='z\r\n'\r\nC=\"v\"\r\n"), (pairs{{"A", "x\ny"}, {"B", "z\n"}, {"C", "v"}}));
}

TEST(EnvFile, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "A=1\n"),
            (pairs{{"A", "1"}}));
  EXPECT_EQ(read("\xEF\xBB\xBF"), pairs{});
  EXPECT_EQ(problems_of(parse_env_file(std::string_view{"\xFF\xFE"
                                                        "A\0=\0\n\0",
                                                        8})),
            words{"1: this is UTF-16 text; save it as UTF-8"});
}

TEST(EnvFile, AnyBlankFollowsExport) {
  EXPECT_EQ(read("export\tA=1\nexport \t B=2\nexport=3\nexport = 4\nexported=5\n"),
            (pairs{{"A", "1"}, {"B", "2"}, {"export", "3"}, {"export", "4"}, {"exported", "5"}}));
}

TEST(EnvFile, WarnsOfANameThatBeginsWithADigit) {
  const auto file = parse_env_file("1U=1\n");
  EXPECT_EQ(variables_of(file), (pairs{{"1U", "1"}}));
  EXPECT_EQ(problems_of(file), words{"1: the name '1U' starts with a digit, so shells cannot use it (warning)"});
}

TEST(EnvFile, SaysWhichValuesCouldBeExpanded) {
  const auto file = parse_env_file("A=\"${X} $Y $$ \\${Z}\"\nB='${X}'\nC=${X}\nD=\"$X\"\n");
  EXPECT_EQ(variables_of(file), (pairs{{"A", "${X} $Y $$ ${Z}"}, {"B", "${X}"}, {"C", "${X}"}, {"D", "$X"}}));
  EXPECT_EQ(file.variables[0].expandable, "${X} $$Y $$$$ $${Z}");
  for (const auto i : {1U, 2U, 3U})
    EXPECT_EQ(file.variables[i].expandable, std::nullopt);
}

TEST(EnvFile, NamesTheLinesThatAreWrongAndReadsTheOthers) {
  const auto file = parse_env_file("A=1\n!\n.B=2\nC='x\nD=\"x\" y\n=\nE=5\n");
  EXPECT_EQ(variables_of(file), (pairs{{"A", "1"}, {"E", "5"}}));
  EXPECT_EQ(problems_of(file),
            (words{"2: there is no '='", "3: '.B' is not a valid variable name", "4: the quote is not closed",
                   "5: there is text after the closing quote", "6: '' is not a valid variable name"}));
}

TEST(EnvFile, ATextBehindAQuoteOfManyLinesIsWrongWhereItStands) {
  const auto file = parse_env_file("A=\"x\nB=\"y\"\nC=3\n");
  EXPECT_EQ(variables_of(file), (pairs{{"C", "3"}}));
  EXPECT_EQ(problems_of(file), words{"2: there is text after the closing quote of the value that starts in line 1"});
}

TEST(EnvFile, SaysWhatALineWithoutEqualsMayHaveMeant) {
  EXPECT_EQ(problems_of(parse_env_file("; comment\nNAME: value\nNAME\n")),
            (words{"1: there is no '='; comments start with '#'", "2: there is no '='; write NAME=value",
                   "3: there is no '='; use 'inherit_env' to pass on a variable of the caller; for an empty value "
                   "write NAME="}));
}

TEST(EnvFile, RefusesNul) {
  EXPECT_EQ(problems_of(parse_env_file(std::string_view{"A=\"x\n\0\"\nB=\0\n", 12})),
            (words{"1: the value contains a NUL character", "3: the value contains a NUL character"}));
}

TEST(EnvFile, KeepsAtMostTwentyProblems) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "x\n";
  EXPECT_EQ(parse_env_file(text).problems.size(), 20U);
}

} // namespace
} // namespace alder::config
