#include "runtime/os/keeper_home.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/files.hpp"

#include <sys/stat.h>

namespace alder::os {
namespace {

struct KeeperHome : ::testing::Test {
  test::scratch dir;
};

TEST_F(KeeperHome, directories_are_made_private_with_their_parents) {
  ASSERT_TRUE(claim_directory(dir.path("a/b/c")).ok());
  struct stat info {};
  ASSERT_EQ(::stat(dir.path("a/b/c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_TRUE(claim_directory(dir.path("a/b/c")).ok());
}

TEST_F(KeeperHome, what_is_no_directory_of_ours_is_refused) {
  std::ofstream{dir.path("file")} << "x";
  EXPECT_EQ(claim_directory(dir.path("file")).failure().kind, error_kind::invalid_input);
  EXPECT_EQ(claim_directory("relative").failure().kind, error_kind::invalid_input);
}

TEST_F(KeeperHome, a_directory_of_another_user_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_TRUE(claim_directory(dir.path("theirs")).ok());
  ASSERT_EQ(::chown(dir.path("theirs").c_str(), 12345, 12345), 0);
  const auto refused = claim_directory(dir.path("theirs"));
  EXPECT_EQ(refused.failure().kind, error_kind::denied);
  EXPECT_EQ(refused.failure().message, "directory " + dir.path("theirs") +
                                           " belongs to uid 12345, not to root (uid 0); run this as that user, or "
                                           "choose another home with ALDER_HOME");
}

TEST_F(KeeperHome, a_lock_that_is_no_file_is_refused_at_once) {
  ASSERT_EQ(::mkfifo(dir.path("lock").c_str(), 0600), 0);
  EXPECT_EQ(try_lock(dir.path("lock")).failure().kind, error_kind::denied);
  std::filesystem::create_symlink("elsewhere", dir.path("link"));
  EXPECT_EQ(try_lock(dir.path("link")).failure().kind, error_kind::denied);
  EXPECT_FALSE(std::filesystem::exists(dir.path("elsewhere")));
  ASSERT_EQ(::mkfifo(dir.path("journal").c_str(), 0600), 0);
  EXPECT_FALSE(open_for_append(dir.path("journal")));
}

TEST_F(KeeperHome, the_lock_is_taken_once_and_freed_with_its_descriptor) {
  const auto path = dir.path("lock");
  auto first = try_lock(path);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->has_value());
  const auto second = try_lock(path);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->has_value());
  first->reset();
  EXPECT_TRUE(try_lock(path)->has_value());
}

TEST_F(KeeperHome, the_pid_replaces_what_was_in_the_lock_file) {
  std::ofstream{dir.path("lock")} << "123456789012345\n";
  const auto lock = try_lock(dir.path("lock"));
  ASSERT_TRUE(write_pid((*lock)->get()).ok());
  std::string line;
  std::ifstream file{dir.path("lock")};
  std::getline(file, line);
  EXPECT_EQ(line, std::to_string(::getpid()));
  EXPECT_EQ(file.get(), EOF);
}

TEST_F(KeeperHome, logs_are_appended_to_and_put_aside_when_large) {
  const auto path = dir.path("log");
  std::ofstream{path} << "old\n";
  ASSERT_EQ(::write(open_log(path)->get(), "new\n", 4), 4);
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  std::filesystem::resize_file(path, (std::uintmax_t{4} << 20) + 1);
  ASSERT_TRUE(open_log(path).ok());
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
  EXPECT_EQ(std::filesystem::file_size(path + ".1"), (std::uintmax_t{4} << 20) + 1);
}

} // namespace
} // namespace alder::os
