#include "runtime/os/caller.hpp"

#include "runtime/base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace alder::os {
namespace {

class Caller : public testing::Test {
protected:
  void SetUp() override {
    std::string name = "/tmp/alder-caller-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void make(const std::string& name, const std::string& text) const { std::ofstream{directory_ + "/" + name} << text; }

  std::string directory_;
};

TEST_F(Caller, AFileIsFoundInADirectoryAbove) {
  make("alder.yml", "");
  std::filesystem::create_directories(directory_ + "/a/b");
  EXPECT_EQ(find_upwards(directory_ + "/a/b", {"alder.yaml", "alder.yml"}), directory_ + "/alder.yml");
  EXPECT_EQ(find_upwards(directory_ + "/a/b", {"no-such-file-anywhere"}), std::nullopt);
}

TEST_F(Caller, TheNearestFileWins) {
  make("alder.yaml", "");
  std::filesystem::create_directories(directory_ + "/a");
  make("a/alder.json", "");
  EXPECT_EQ(find_upwards(directory_ + "/a", {"alder.yaml", "alder.json"}), directory_ + "/a/alder.json");
}

TEST_F(Caller, AGoneReaderOfAPipeIsNoticed) {
  ignore_broken_pipes();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const unique_fd out{ends[1]};
  EXPECT_FALSE(reader_is_gone(out.get()));
  ASSERT_EQ(::close(ends[0]), 0);
  EXPECT_TRUE(reader_is_gone(out.get()));
  EXPECT_LT(::write(out.get(), "x", 1), 0); // and does not end this program
  (void)std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(Caller, TheWorkingDirectoryHasTheNameByWhichTheCallerCame) {
  const auto real = directory_ + "/releases/7";
  const auto link = directory_ + "/current";
  std::filesystem::create_directories(real);
  std::filesystem::create_directory_symlink("releases/7", link);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(link);
  const auto came_by = [](const std::string& name) {
    ::setenv("PWD", name.c_str(), 1);
    return current_surroundings().cwd;
  };
  EXPECT_EQ(came_by(link), link);
  EXPECT_EQ(came_by(real), real);
  EXPECT_EQ(came_by(directory_), real) << "another directory";
  EXPECT_EQ(came_by(directory_ + "/gone"), real);
  EXPECT_EQ(came_by("."), real) << "not absolute";
  EXPECT_EQ(came_by(link + "/."), real) << "as POSIX has it";
  EXPECT_EQ(came_by(directory_ + "/releases/../current"), real);
  EXPECT_EQ(came_by(""), real);
  ::unsetenv("PWD");
  EXPECT_EQ(current_surroundings().cwd, real);
  std::filesystem::current_path(before);
}

TEST_F(Caller, AFileKeepsTheNameOfItsLinksButIsTheOneTheKernelFinds) {
  std::filesystem::create_directories(directory_ + "/releases/7/sub");
  std::filesystem::create_directory_symlink("releases/7", directory_ + "/current");
  make("releases/alder.yaml", "beside");
  make("releases/7/alder.yaml", "inside");
  const auto current = directory_ + "/current";
  EXPECT_EQ(name_of_file("alder.yaml", current), current + "/alder.yaml");
  EXPECT_EQ(name_of_file("./alder.yaml", current), current + "/alder.yaml");
  EXPECT_EQ(name_of_file("./missing.yaml", current), current + "/missing.yaml");
  EXPECT_EQ(name_of_file("sub/../alder.yaml", current), current + "/alder.yaml");
  EXPECT_EQ(name_of_file("../alder.yaml", current), directory_ + "/releases/alder.yaml");
  EXPECT_EQ(name_of_file("../alder.yaml", current + "/sub"), current + "/alder.yaml");
  EXPECT_EQ(name_of_file("..", current), directory_ + "/releases");
  EXPECT_EQ(name_of_file("../no/such/place.yaml", current), directory_ + "/no/such/place.yaml");
  EXPECT_EQ(name_of_file(current + "/alder.yaml", "/"), current + "/alder.yaml");
  EXPECT_TRUE(is_same_file(current + "/alder.yaml", directory_ + "/releases/7/alder.yaml"));
  EXPECT_FALSE(is_same_file(current + "/alder.yaml", directory_ + "/releases/alder.yaml"));
  EXPECT_FALSE(is_same_file(current + "/none", current + "/none"));
  EXPECT_TRUE(is_through_link(current + "/alder.yaml"));
  EXPECT_FALSE(is_through_link(directory_ + "/releases/7/alder.yaml"));
}

TEST_F(Caller, AFileIsFoundAboveByNameAndElseBehindTheLinks) {
  std::filesystem::create_directories(directory_ + "/releases/7");
  std::filesystem::create_directory_symlink("releases/7", directory_ + "/current");
  make("releases/alder.yml", "");
  EXPECT_EQ(find_upwards(directory_ + "/current", {"alder.yml"}), directory_ + "/releases/alder.yml");
  make("alder.yml", "");
  EXPECT_EQ(find_upwards(directory_ + "/current", {"alder.yml"}), directory_ + "/alder.yml");
}

} // namespace
} // namespace alder::os
