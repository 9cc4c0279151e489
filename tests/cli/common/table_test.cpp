#include "cli/common/table.hpp"

#include "tests/cli/screen_fixture.hpp"

namespace alder::cli {
namespace {

using test::Screens;

const std::vector<table_column> columns{{.title = "NAME", .importance = 9, .is_right = false, .least_width = 4},
                                        {.title = "PID", .importance = 5, .is_right = true, .least_width = 0},
                                        {.title = "WHY", .importance = 1, .is_right = false, .least_width = 0}};
const std::vector<std::vector<table_cell>> rows{{{.text = "db"}, {.text = "1234"}, {.text = "because"}},
                                                {{.text = "邮件"}, {.text = "-"}, {.text = ""}}};

std::string at_width(unsigned width) {
  return table({.colour = false, .unicode = true, .terminal = true, .width = width}, columns, rows);
}

TEST_F(Screens, ATableAlignsNumbersRightAndWideNamesByColumns) {
  EXPECT_EQ(at_width(0), "NAME   PID  WHY\ndb    1234  because\n邮件     -  \n");
}

TEST_F(Screens, TheLeastImportantColumnGoesFirst) {
  EXPECT_EQ(at_width(19), at_width(0));
  EXPECT_EQ(at_width(18), "NAME   PID\ndb    1234\n邮件     -\n");
  EXPECT_EQ(at_width(9), "NAME\ndb\n邮件\n");
  EXPECT_EQ(at_width(3), "NA…\ndb\n邮…\n");
}

} // namespace
} // namespace alder::cli
