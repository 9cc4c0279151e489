#include "runtime/base/text.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

using words = std::vector<std::string>;
using pieces = std::vector<std::string_view>;

TEST(Split, KeepsEmptyPieces) {
  EXPECT_EQ(split("a,b,,c", ','), (pieces{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), pieces{""});
  EXPECT_EQ(split(",", ','), (pieces{"", ""}));
}

TEST(Join, IsTheInverseOfSplit) {
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Trim, TakesBlanksFromBothSidesOnly) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Nearest, FindsATypingMistake) {
  const words known{"command", "children", "cwd", "env"};
  EXPECT_EQ(nearest("comand", known), "command");
  EXPECT_EQ(nearest("chidlren", known), "children") << "a swap of neighbours is one mistake";
  EXPECT_EQ(nearest("cwdd", known), "cwd");
  EXPECT_EQ(nearest("env", known), "env");
}

TEST(Nearest, FindsNothingFarAway) {
  EXPECT_EQ(nearest("restart", {"command", "cwd"}), std::nullopt);
  EXPECT_EQ(nearest("xyz", {"abc"}), std::nullopt);
  EXPECT_EQ(nearest("", {"a"}), std::nullopt);
  EXPECT_EQ(nearest(std::string(65, 'a'), {std::string(65, 'a')}), std::nullopt) << "longer than it compares";
}

TEST(Nearest, PrefersTheNearer) { EXPECT_EQ(nearest("services", {"servile", "service"}), "service"); }

TEST(ShellWords, SplitsAtBlanks) {
  EXPECT_EQ(shell_words("  node\t server.js \n"), (words{"node", "server.js"}));
  EXPECT_EQ(shell_words("   "), words{});
}

TEST(ShellWords, KeepsWhatIsQuotedTogether) {
  EXPECT_EQ(shell_words(R"(sh -c 'echo "a b"')"), (words{"sh", "-c", "echo \"a b\""}));
  EXPECT_EQ(shell_words(R"(a"b c"d)"), words{"ab cd"});
  EXPECT_EQ(shell_words(R"('' "")"), (words{"", ""}));
}

TEST(ShellWords, ReadsBackslashesAsAShell) {
  EXPECT_EQ(shell_words(R"(a\ b)"), words{"a b"});
  EXPECT_EQ(shell_words(R"("\"\\\$\`\n")"), words{R"("\$`\n)"});
  EXPECT_EQ(shell_words(R"('a\b')"), words{R"(a\b)"});
  EXPECT_EQ(shell_words("a\\"), words{"a\\"});
}

TEST(ShellWords, ALineThatEndsInABackslashGoesOn) {
  EXPECT_EQ(shell_words("redis-server \\\n  --port 1"), (words{"redis-server", "--port", "1"}));
  EXPECT_EQ(shell_words("re\\\ndis"), words{"redis"});
  EXPECT_EQ(shell_words("\"re\\\ndis\""), words{"redis"});
  EXPECT_EQ(shell_words("'re\\\ndis'"), words{"re\\\ndis"});
  EXPECT_EQ(shell_words("a \\\n"), words{"a"});
}

TEST(ShellWords, NeedQuotesThatAreClosed) {
  EXPECT_EQ(shell_words("a 'b"), std::nullopt);
  EXPECT_EQ(shell_words("a \"b\\\""), std::nullopt);
}

TEST(ShellQuote, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quote({"node", "--port=80", "a b", "", "it's"}), R"(node --port=80 'a b' '' 'it'\''s')");
}

TEST(ShellQuote, ReadsBackAsItWas) {
  const words hard{"$HOME", "a\nb", "'", "\\", "\"", "*", "~", "a;b", "#"};
  EXPECT_EQ(shell_words(shell_quote(hard)), hard);
}

TEST(Counted, OneIsNotMany) {
  EXPECT_EQ(counted(0, "time"), "0 times");
  EXPECT_EQ(counted(1, "time"), "1 time");
  EXPECT_EQ(counted(2, "process"), "2 processes");
  EXPECT_EQ(counted(1, "directory"), "1 directory");
  EXPECT_EQ(counted(3, "directory"), "3 directories");
}

} // namespace
} // namespace alder
