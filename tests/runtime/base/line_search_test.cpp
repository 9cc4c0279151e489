#include "runtime/base/line_search.hpp"

#include <gtest/gtest.h>

namespace alder {
namespace {

std::shared_ptr<awaited_line> line_like(const std::string& expression) {
  auto compiled = pattern::compile(expression);
  return std::make_shared<awaited_line>(std::move(*compiled));
}

TEST(LineSearch, FindsALineHoweverItComes) {
  line_search search{line_like("^ready (to|for) work$")};
  EXPECT_FALSE(search.found_in("not ready for work\nrea"));
  EXPECT_FALSE(search.found_in("dy f"));
  EXPECT_FALSE(search.found_in("or work"));
  EXPECT_TRUE(search.found_in("\r\n"));
  EXPECT_TRUE(search.is_over());
  EXPECT_FALSE(search.found_in("ready for work\n"));
}

TEST(LineSearch, LooksAtEveryLineOfAPiece) {
  line_search search{line_like("up")};
  EXPECT_TRUE(search.found_in("one\n\ntwo\nup\nthree"));
}

TEST(LineSearch, SeesLineByLine) {
  line_search search{line_like("a.*b")};
  EXPECT_FALSE(search.found_in("a\nb\n"));
  EXPECT_TRUE(search.found_in(std::string{"a\0b\n", 4}));
}

TEST(LineSearch, LooksAtTheBeginningOfALongLineAlone) {
  const std::string most(line_search::longest_line - 2, 'x');
  line_search search{line_like("up")};
  EXPECT_FALSE(search.found_in(most));
  EXPECT_FALSE(search.found_in("xxup"));
  EXPECT_FALSE(search.found_in(std::string(1U << 20U, 'x') + "up\n"));
  EXPECT_TRUE(search.found_in(most + "up and more\n"));
}

TEST(LineSearch, EndsForAllStreamsWithTheFirstThatHasIt) {
  const auto line = line_like("up");
  line_search out{line};
  line_search err{line};
  EXPECT_TRUE(err.found_in("up\n"));
  EXPECT_TRUE(out.is_over());
  EXPECT_FALSE(out.found_in("up\n"));
}

} // namespace
} // namespace alder
