#include "runtime/os/paths.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace alder::os {
namespace {

surroundings user(std::map<std::string, std::string> environment) {
  return {.uid = 1000, .cwd = "/srv/app", .environment = std::move(environment)};
}

/// A directory that is removed with all it holds.
struct scratch {
  scratch() {
    std::string name = "/tmp/alder-paths-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  std::string path;
};

TEST(Paths, AlderHomeOverridesAllForRootToo) {
  const auto found =
      locate({.uid = 0, .cwd = "/", .environment = {{"ALDER_HOME", "/srv/h/"}, {"XDG_RUNTIME_DIR", "/run/user/0"}}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (locations{"/srv/h/run", "/srv/h/state", "/srv/h/log", "/srv/h/run/alder.sock"}));
}

TEST(Paths, ARelativeAlderHomeStartsInTheWorkingDirectory) {
  const auto found = locate(user({{"ALDER_HOME", "h"}}));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->socket, "/srv/app/h/run/alder.sock");
}

TEST(Paths, RootUsesTheSystemsDirectories) {
  const auto found = locate({.uid = 0, .cwd = "/", .environment = {{"HOME", "/root"}, {"XDG_STATE_HOME", "/root/s"}}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (locations{"/run/alder", "/var/lib/alder", "/var/log/alder", "/run/alder/alder.sock"}));
}

TEST(Paths, AUserUsesTheXdgDirectories) {
  const auto found =
      locate(user({{"XDG_RUNTIME_DIR", "/run/user/1000"}, {"XDG_STATE_HOME", "/s"}, {"HOME", "/home/u"}}));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (locations{"/run/user/1000/alder", "/s/alder", "/s/alder/log", "/run/user/1000/alder/alder.sock"}));
}

TEST(Paths, WithoutXdgDirectoriesAUserGetsTmpAndTheHomeDirectory) {
  const auto found = locate(user({{"HOME", "/home/u"}, {"XDG_STATE_HOME", "relative"}}));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->run_dir, "/tmp/alder-1000");
  EXPECT_EQ(found->state_dir, "/home/u/.local/state/alder");
  EXPECT_EQ(found->log_dir, "/home/u/.local/state/alder/log");
}

TEST(Paths, AUserWithoutHomeIsToldWhatIsMissing) {
  const auto found = locate(user({}));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.failure().kind, error_kind::invalid_input);
  EXPECT_NE(found.failure().message.find("ALDER_HOME"), std::string::npos);
}

TEST(Paths, TheLongestSocketPathIs107Bytes) {
  const std::string tail = "/run/alder.sock";
  const auto home = [&](std::size_t socket_size) { return "/" + std::string(socket_size - tail.size() - 1, 'x'); };
  EXPECT_TRUE(locate(user({{"ALDER_HOME", home(107)}})).ok());
  const auto longer = locate(user({{"ALDER_HOME", home(108)}}));
  ASSERT_FALSE(longer.ok());
  EXPECT_NE(longer.failure().message.find("108 bytes"), std::string::npos) << longer.failure().message;
}

TEST(Paths, APrivateHomeLiesBesideTheSharedOne) {
  const auto base = locate(user({{"ALDER_HOME", "/h"}}));
  const auto own = private_locations(*base, 42);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(*own, (locations{"/h/run/run-42", "/h/state/run-42", "/h/log/run-42", "/h/run/run-42/alder.sock"}));
}

TEST(Paths, OnlyAPrivateHomeIsRemoved) {
  const scratch here;
  const auto base = locate(user({{"ALDER_HOME", here.path}}));
  const auto own = private_locations(*base, 42);
  std::filesystem::create_directories(own->state_dir + "/below");
  remove_private_home(*own);
  EXPECT_FALSE(std::filesystem::exists(own->state_dir));
  remove_private_home(*base);
  EXPECT_TRUE(std::filesystem::exists(base->state_dir));
}

TEST(Paths, WhatOthersCouldHaveMadeCannotBeTrusted) {
  const scratch here;
  std::filesystem::create_directory(here.path + "/run");
  std::filesystem::permissions(here.path + "/run", std::filesystem::perms{0777});
  EXPECT_EQ(check_private_directory(here.path + "/run").failure().kind, error_kind::denied);
  std::ofstream{here.path + "/file"} << "x";
  EXPECT_EQ(check_private_directory(here.path + "/file").failure().kind, error_kind::invalid_input);
}

TEST(Paths, AMissingDirectoryAndOnesOwnCanBeTrusted) {
  const scratch here;
  EXPECT_TRUE(check_private_directory(here.path).ok());
  EXPECT_TRUE(check_private_directory(here.path + "/none").ok());
}

} // namespace
} // namespace alder::os
