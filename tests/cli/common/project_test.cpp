#include "cli/common/project.hpp"

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace alder::cli {
namespace {

class Project : public testing::Test {
protected:
  void SetUp() override { around_ = {.uid = 1000, .cwd = home_.path(), .environment = {}}; }
  void write(const std::string& name, const std::string& text) const { std::ofstream{home_ / name} << text; }

  test::temporary_directory home_;
  os::surroundings around_;
};

TEST_F(Project, IsFoundInADirectoryAbove) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, command: sleep 1}]\n");
  std::filesystem::create_directories(home_ / "a/b");
  around_.cwd = home_ / "a/b";
  const auto opened = open_project("", around_);
  ASSERT_TRUE(std::holds_alternative<project>(opened));
  const auto& file = std::get<project>(opened);
  EXPECT_EQ(file.file, home_ / "alder.yaml");
  ASSERT_TRUE(file.loaded.tree);
  EXPECT_EQ(file.loaded.tree->root.name, "shop");
}

TEST_F(Project, ThatIsNotThereIsAUsageError) {
  const auto opened = open_project("none.yaml", around_);
  ASSERT_TRUE(std::holds_alternative<failure>(opened));
  EXPECT_EQ(std::get<failure>(opened).code, exit_code::usage);
}

TEST_F(Project, WithMistakesCarriesThem) {
  write("bad.yaml", "name: shop\nchildren: [{service: db, comand: sleep 1}]\n");
  const auto opened = open_project("bad.yaml", around_);
  ASSERT_TRUE(std::holds_alternative<project>(opened));
  EXPECT_FALSE(std::get<project>(opened).loaded.tree);
  EXPECT_FALSE(std::get<project>(opened).loaded.diagnostics.empty());
}

TEST_F(Project, AWordThatLooksLikeAFileAndIsOneNamesIt) {
  write("shop.yaml", "");
  write("plain", "");
  EXPECT_TRUE(names_a_file("shop.yaml", around_));
  EXPECT_TRUE(names_a_file("./plain", around_));
  EXPECT_FALSE(names_a_file("plain", around_));
  EXPECT_FALSE(names_a_file("shop/cache", around_));
  EXPECT_FALSE(names_a_file("other.yaml", around_));
}

} // namespace
} // namespace alder::cli
