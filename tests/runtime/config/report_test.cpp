#include "runtime/config/report.hpp"

#include "runtime/base/utf8.hpp"

#include <gtest/gtest.h>

namespace alder::config {
namespace {

TEST(Report, KeepsOneOfTheSame) {
  report r{"/a.yaml", "abc"};
  for (int i = 0; i < 3; ++i)
    r.add(code::unknown_key, {1, 2}, "m");
  EXPECT_EQ(r.take().size(), 1U);
}

TEST(Report, SortsByPlaceWithOtherFilesLast) {
  const std::string text = "a\nb\nc";
  report r{"/a.yaml", text};
  r.add_elsewhere(code::bad_env_line, "/0.env", text_map{text}, 1, "m");
  r.add(code::unknown_key, {4, 5}, "m");
  r.add(code::no_restarts, {0, 1}, "m");
  const auto all = r.take();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].line, 1U);
  EXPECT_EQ(all[1].line, 3U);
  EXPECT_EQ(all[2].file, "/0.env");
}

TEST(Report, FailsWithErrorsNotWithWarnings) {
  report r{"/a.yaml", "abc"};
  r.add(code::no_restarts, {0, 1}, "m");
  EXPECT_FALSE(r.failed());
  r.add(code::unknown_key, {0, 1}, "m");
  EXPECT_TRUE(r.failed());
}

TEST(Report, SaysThatThereIsMoreThanItKeeps) {
  const std::string text(1000, 'x');
  report r{"/a.yaml", text};
  for (std::size_t i = 0; i < 500; ++i) {
    r.add(code::unknown_key, {i, i + 1}, "m");
    r.add(code::no_restarts, {i, i + 1}, "m");
  }
  const auto all = r.take();
  ASSERT_EQ(all.size(), report::max_errors + report::max_warnings + 2);
  EXPECT_EQ(all[all.size() - 2].code, "E009");
  EXPECT_EQ(all.back().code, "W007");
}

TEST(Report, CutsLongLinesBetweenCharacters) {
  std::string text = "a";
  while (text.size() < 5000)
    text += "邮";
  report r{"/a.yaml", text};
  r.add(code::unknown_key, {0, 1}, "m");
  const auto all = r.take();
  EXPECT_EQ(all[0].snippet.size(), 1000U);
  EXPECT_EQ(find_invalid_utf8(all[0].snippet), all[0].snippet.size());
}

} // namespace
} // namespace alder::config
