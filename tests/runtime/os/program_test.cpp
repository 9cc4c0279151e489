#include "runtime/os/program.hpp"

#include "tests/support/keeper_bed.hpp"

#include <sys/stat.h>

namespace alder::os {
namespace {

struct Program : ::testing::Test {
  test::scratch dir;

  std::string file(const std::string& name, mode_t mode) {
    std::ofstream{dir.path(name)} << "#!/bin/sh\n";
    ::chmod(dir.path(name).c_str(), mode);
    return dir.path(name);
  }
};

TEST_F(Program, is_found_in_the_first_directory_of_path_that_has_it) {
  const auto path = file("tool", 0755);
  const auto found = find_program("tool", "/nowhere:" + dir.path() + ":/usr/bin", "/");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, path);
}

TEST_F(Program, an_empty_piece_of_path_is_the_working_directory) {
  const auto path = file("tool", 0755);
  for (const auto* variable : {"", ":/usr/bin", "/nowhere:"}) {
    const auto found = find_program("tool", variable, dir.path());
    ASSERT_TRUE(found.ok()) << variable;
    EXPECT_EQ(*found, path);
  }
}

TEST_F(Program, with_a_slash_is_relative_to_the_working_directory) {
  file("tool", 0755);
  const auto found = find_program("./tool", "/usr/bin", dir.path());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, dir.path("./tool"));
  EXPECT_EQ(*find_program("/bin/sh", "", dir.path()), "/bin/sh");
}

TEST_F(Program, that_is_missing_says_where_was_looked) {
  const auto in_path = find_program("foo", "/usr/nope:/nope", "/");
  EXPECT_EQ(in_path.failure().message, "'foo' was not found in PATH (/usr/nope:/nope)");
  EXPECT_EQ(in_path.failure().kind, error_kind::not_found);
  EXPECT_EQ(find_program("./foo", "", dir.path()).failure().message, "'./foo' does not exist in " + dir.path());
  EXPECT_EQ(find_program("/no/foo", "", "/").failure().message, "'/no/foo' does not exist");
}

TEST_F(Program, that_is_not_executable_is_denied) {
  file("foo", 0644);
  const auto at = find_program("./foo", "", dir.path());
  EXPECT_EQ(at.failure().message, "'./foo' exists but is not executable");
  EXPECT_EQ(at.failure().kind, error_kind::denied);
  EXPECT_EQ(find_program("foo", dir.path(), "/").failure().message,
            "'foo' was found in PATH as " + dir.path("foo") + " but is not executable");
}

TEST_F(Program, a_directory_is_none) {
  EXPECT_EQ(find_program("/tmp", "", "/").failure().message, "'/tmp' is a directory");
  EXPECT_FALSE(find_program("", "/bin", "/").ok());
}

TEST_F(Program, directories_are_checked) {
  const auto plain = file("plain", 0644);
  EXPECT_TRUE(check_directory(dir.path()).ok());
  EXPECT_EQ(check_directory("/no/where").failure().message, "the working directory /no/where does not exist");
  EXPECT_EQ(check_directory(plain).failure().message, "the working directory " + plain + " is not a directory");
  EXPECT_EQ(check_directory("relative").failure().kind, error_kind::invalid_input);
}

} // namespace
} // namespace alder::os
