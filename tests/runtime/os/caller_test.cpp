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

} // namespace
} // namespace alder::os
