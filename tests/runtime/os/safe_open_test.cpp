#include "runtime/os/safe_open.hpp"

#include "tests/support/append.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

namespace alder::os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  const auto text = read_kernel_file(path, 1 << 20);
  return text ? *text : "(" + text.failure().message + ")";
}

/// `theirs` is a directory of another user, in one of root's; `precious` a file of root's beside it.
class SafeOpen : public ::testing::Test {
protected:
  SafeOpen() {
    fs::permissions(dir_.path(), fs::perms{0755});
    fs::create_directory(dir_ / "theirs");
    fs::create_directory(dir_ / "ours");
    EXPECT_TRUE(test::append(dir_ / "precious", "keep\n"));
    if (::geteuid() == 0) test::give_away(dir_ / "theirs");
  }
  void expect_untouched() {
    EXPECT_EQ(content_of(dir_ / "precious"), "keep\n");
    struct stat facts {};
    ASSERT_EQ(::stat((dir_ / "precious").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 0U);
  }
  /// What the other user puts there.
  void plant_link(const std::string& target, const std::string& name) {
    fs::create_symlink(target, dir_ / name);
    test::give_away(dir_ / name);
  }
  /// That it is refused, and that the reason says where, whose and what helps.
  static void expect_refused(const result<opened_file>& opened, const std::string& where, const std::string& what) {
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.failure().kind, error_kind::denied) << opened.failure().message;
    EXPECT_THAT(opened.failure().message, HasSubstr(where));
    EXPECT_THAT(opened.failure().message, HasSubstr(what));
    EXPECT_THAT(opened.failure().message, HasSubstr("nobody (uid 65534)"));
    EXPECT_THAT(opened.failure().message, HasSubstr("remove it"));
  }

  test::temporary_directory dir_;
};

TEST_F(SafeOpen, NewFilesGetTheirModeAndMissingDirectories) {
  const auto opened = open_to_write(dir_ / "ours/a/b/web.log", {.mode = 0640, .make_directories = 0700});
  ASSERT_TRUE(opened) << opened.failure().message;
  EXPECT_TRUE(opened->is_new);
  EXPECT_TRUE(opened->is_closed);
  struct stat facts {};
  ASSERT_EQ(::fstat(opened->fd.get(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
  ASSERT_EQ(::stat((dir_ / "ours/a/b").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
  EXPECT_FALSE(open_to_write(dir_ / "ours/a/b/web.log")->is_new);
  EXPECT_EQ(open_to_write(dir_ / "none/web.log").failure().kind, error_kind::not_found);
  EXPECT_EQ(open_to_write(dir_ / "ours/other.log", {.create = false}).failure().kind, error_kind::not_found);
}

TEST_F(SafeOpen, OnesOwnLinksAreFollowedWhereNobodyElseCanMakeThem) {
  fs::create_directory_symlink("ours", dir_ / "link");
  fs::create_symlink(dir_ / "precious", dir_ / "ours/web.log");
  const auto opened = open_to_write(dir_ / "link/web.log");
  ASSERT_TRUE(opened) << opened.failure().message;
  EXPECT_TRUE(write_all(opened->fd.get(), "more\n"));
  EXPECT_EQ(content_of(dir_ / "precious"), "keep\nmore\n");
  fs::create_symlink("../ours/new.log", dir_ / "ours/dangling.log");
  EXPECT_TRUE(open_to_write(dir_ / "ours/dangling.log")->is_new);
  fs::create_symlink("circle", dir_ / "ours/circle");
  EXPECT_EQ(open_to_write(dir_ / "ours/circle").failure().os_errno, ELOOP);
}

TEST_F(SafeOpen, ALinkInADirectoryOfAnotherUserIsNotFollowed) {
  ALDER_NEEDS_ROOT;
  plant_link(dir_ / "precious", "theirs/web.log");
  const auto where = dir_ / "theirs/web.log is a symbolic link in a directory that ";
  expect_refused(open_to_write(dir_ / "theirs/web.log"), where, "is not followed");
  fs::create_symlink(dir_ / "precious", dir_ / "theirs/of_root.log"); // by root's own hand, but who knows
  expect_refused(open_to_write(dir_ / "theirs/of_root.log"), "of_root.log is a symbolic link", "is not followed");
  EXPECT_EQ(open_to_read(dir_ / "theirs/web.log").failure().kind, error_kind::denied);
  expect_untouched();
}

TEST_F(SafeOpen, ADanglingLinkMakesNothing) {
  ALDER_NEEDS_ROOT;
  plant_link(dir_ / "made", "theirs/web.log");
  expect_refused(open_to_write(dir_ / "theirs/web.log"), "web.log is a symbolic link", "is not followed");
  EXPECT_FALSE(fs::exists(dir_ / "made"));
}

TEST_F(SafeOpen, ALinkOnTheWayIsNotFollowedEither) {
  ALDER_NEEDS_ROOT;
  plant_link(dir_ / "ours", "theirs/logs");
  expect_refused(open_to_write(dir_ / "theirs/logs/a/web.log", {.make_directories = 0700}),
                 dir_ / "theirs/logs is a symbolic link", "is not followed");
  EXPECT_FALSE(make_directories(dir_ / "theirs/logs/a", 0700));
  EXPECT_FALSE(write_file_atomically(dir_ / "theirs/logs/file", "x"));
  EXPECT_FALSE(rename_file(dir_ / "precious", dir_ / "theirs/logs/precious"));
  EXPECT_TRUE(test::append(dir_ / "ours/kept", "x"));
  EXPECT_FALSE(remove_file(dir_ / "theirs/logs/kept"));
  EXPECT_TRUE(fs::exists(dir_ / "ours/kept"));
  EXPECT_FALSE(fs::exists(dir_ / "ours/a"));
  expect_untouched();
}

TEST_F(SafeOpen, ALinkOfAnotherUserIsNotFollowedWhereverItIs) {
  ALDER_NEEDS_ROOT;
  plant_link(dir_ / "precious", "ours/web.log");
  expect_refused(open_to_write(dir_ / "ours/web.log"), "web.log is a symbolic link owned by nobody", "is not followed");
  expect_untouched();
}

TEST_F(SafeOpen, AFileWithTwoNamesMayBeAnyFile) {
  ALDER_NEEDS_ROOT;
  fs::create_hard_link(dir_ / "precious", dir_ / "theirs/web.log");
  expect_refused(open_to_write(dir_ / "theirs/web.log"), "web.log is a file with 2 names (hard links)", "any file");
  EXPECT_EQ(open_to_read(dir_ / "theirs/web.log").failure().kind, error_kind::denied);
  expect_untouched();
  // Nobody else can have made this one, nor can anybody stop a log by linking to it from elsewhere.
  fs::create_hard_link(dir_ / "precious", dir_ / "ours/web.log");
  EXPECT_TRUE(open_to_write(dir_ / "ours/web.log"));
}

TEST_F(SafeOpen, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((dir_ / "ours/fifo").c_str(), 0600), 0);
  const auto refused = open_to_write(dir_ / "ours/fifo");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.failure().message, HasSubstr("ours/fifo is a FIFO, not a regular file"));
  // A log may be one, where nobody else can have put it.
  EXPECT_TRUE(open_to_write(dir_ / "ours/fifo", {.what = write_access::sort::any}));
  EXPECT_TRUE(open_to_write("/dev/null", {.what = write_access::sort::any}));
  EXPECT_FALSE(open_to_write("/dev/null"));
  EXPECT_FALSE(open_to_write(dir_ / "ours"));
  ALDER_NEEDS_ROOT;
  ASSERT_EQ(::mkfifo((dir_ / "theirs/fifo").c_str(), 0666), 0);
  expect_refused(open_to_write(dir_ / "theirs/fifo", {.what = write_access::sort::any}), "theirs/fifo is a FIFO in",
                 "can change");
}

TEST_F(SafeOpen, WhereEverybodyMayMakeFilesItMattersWhoseTheyAre) {
  ALDER_NEEDS_ROOT;
  fs::create_directory(dir_ / "tmp");
  fs::permissions(dir_ / "tmp", fs::perms{01777});
  {
    test::as_other_user other;
    EXPECT_TRUE(test::append(dir_ / "tmp/web.log", ""));
  }
  expect_refused(open_to_write(dir_ / "tmp/web.log"), "web.log belongs to nobody", "that everybody can change");
  EXPECT_TRUE(open_to_write(dir_ / "tmp/web.log", {.owner = test::other_uid})) << "'owner' says so";
  EXPECT_TRUE(open_to_write(dir_ / "tmp/ours.log"));
  // What is in a user's own directory may be that user's.
  {
    test::as_other_user other;
    EXPECT_TRUE(test::append(dir_ / "theirs/web.log", ""));
  }
  EXPECT_TRUE(open_to_write(dir_ / "theirs/web.log"));
}

/// Whatever moment is chosen: what the path leads to now and then is never written to.
TEST_F(SafeOpen, ADirectoryThatIsReplacedMeanwhileLeadsNowhereElse) {
  ALDER_NEEDS_ROOT;
  fs::create_directory(dir_ / "theirs/logs");
  test::give_away(dir_ / "theirs/logs");
  plant_link(dir_ / "ours", "theirs/other");
  std::atomic<bool> done{false};
  std::thread attacker{[&] {
    while (!done)
      (void)::renameat2(AT_FDCWD, (dir_ / "theirs/logs").c_str(), AT_FDCWD, (dir_ / "theirs/other").c_str(), 2);
  }};
  int opened = 0;
  int refused = 0;
  for (int i = 0; i < 3000; ++i)
    (open_to_write(dir_ / "theirs/logs/web.log") ? opened : refused) += 1;
  done = true;
  attacker.join();
  EXPECT_EQ(opened + refused, 3000);
  EXPECT_TRUE(fs::is_empty(dir_ / "ours"));
}

TEST_F(SafeOpen, AUserWhoIsNotRootKeepsTheLinksInHisHome) {
  ALDER_NEEDS_ROOT;
  fs::create_directory(dir_ / "theirs/disk");
  test::give_away(dir_ / "theirs/disk");
  plant_link("disk", "theirs/own");                                       // ~/.local/state elsewhere
  fs::create_directory_symlink(dir_ / "theirs", dir_ / "home_of_theirs"); // by root, as /var/log may be
  const test::as_other_user user;
  EXPECT_TRUE(open_to_write(dir_ / "home_of_theirs/own/a/web.log", {.make_directories = 0700}));
  EXPECT_TRUE(check_own_directory(dir_ / "home_of_theirs/own"));
  EXPECT_TRUE(fs::exists(dir_ / "theirs/disk/a/web.log"));
}

TEST_F(SafeOpen, WhatIsMadeAnewIsNeverWrittenThroughALink) {
  ALDER_NEEDS_ROOT;
  fs::create_hard_link(dir_ / "precious", dir_ / "theirs/new");
  const auto made = create_anew(*find_place(dir_ / "theirs/new"));
  ASSERT_TRUE(made);
  EXPECT_TRUE(write_all(made->get(), "ours"));
  EXPECT_EQ(content_of(dir_ / "theirs/new"), "ours");
  plant_link(dir_ / "precious", "theirs/state.new");
  EXPECT_TRUE(write_file_atomically(dir_ / "theirs/state", "ours"));
  EXPECT_EQ(content_of(dir_ / "theirs/state"), "ours");
  expect_untouched();
}

TEST_F(SafeOpen, ContentGoesToAnotherOnlyIfThatOneCouldHaveReadIt) {
  EXPECT_TRUE(open_content(dir_ / "precious"));
  fs::create_symlink("precious", dir_ / "link");
  EXPECT_TRUE(open_content(dir_ / "link"));
  ALDER_NEEDS_ROOT;
  plant_link(dir_ / "precious", "theirs/secret");
  const auto refused = open_content(dir_ / "theirs/secret");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.failure().message,
              HasSubstr("leads to a file of root (uid 0) through a symbolic link that nobody (uid 65534) controls"));
  EXPECT_EQ(read_file(dir_ / "theirs/secret", 100).failure().kind, error_kind::denied);
  fs::create_hard_link(dir_ / "precious", dir_ / "theirs/hard");
  EXPECT_EQ(open_content(dir_ / "theirs/hard").failure().kind, error_kind::denied);
  {
    test::as_other_user other;
    EXPECT_TRUE(test::append(dir_ / "theirs/env.shared", "A=1\n"));
  }
  plant_link("env.shared", "theirs/env");
  EXPECT_EQ(*read_file(dir_ / "theirs/env", 100), "A=1\n");
}

TEST_F(SafeOpen, ADirectoryOfOnesOwnIsNobodyElses) {
  EXPECT_TRUE(check_own_directory(dir_ / "ours"));
  EXPECT_TRUE(check_own_directory(dir_ / "ours/none/at/all"));
  EXPECT_EQ(check_own_directory("ours").failure().kind, error_kind::invalid_input);
  EXPECT_EQ(check_own_directory(dir_ / "precious").failure().kind, error_kind::invalid_input);
  fs::permissions(dir_ / "ours", fs::perms{0777});
  const auto open = check_own_directory(dir_ / "ours");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.failure().message, "directory " + (dir_ / "ours") +
                                        " can be written to by everybody; remove that permission: chmod go-w " +
                                        (dir_ / "ours"));
  EXPECT_TRUE(check_own_directory(dir_ / "ours", directory_role::logs));
  fs::create_directory(dir_ / "ours/below");
  EXPECT_THAT(check_own_directory(dir_ / "ours/below").failure().message, HasSubstr("so it could be replaced"));
  fs::permissions(dir_ / "ours", fs::perms{01777}); // as /tmp
  EXPECT_TRUE(check_own_directory(dir_ / "ours/below"));
  ALDER_NEEDS_ROOT;
  EXPECT_THAT(check_own_directory(dir_ / "theirs").failure().message,
              HasSubstr("belongs to nobody (uid 65534), not to root (uid 0)"));
  fs::create_directory(dir_ / "theirs/below");
  EXPECT_FALSE(check_own_directory(dir_ / "theirs/below"));
  plant_link(dir_ / "ours/below", "theirs/link");
  EXPECT_THAT(check_own_directory(dir_ / "theirs/link").failure().message, HasSubstr("is a symbolic link"));
}

TEST_F(SafeOpen, AGroupThatIsNotOnesOwnCountsAsOthers) {
  ALDER_NEEDS_ROOT;
  fs::permissions(dir_ / "ours", fs::perms{0775});
  EXPECT_TRUE(check_own_directory(dir_ / "ours")) << "group root has nobody else in it";
  ASSERT_EQ(::chown((dir_ / "ours").c_str(), 0, test::other_uid), 0);
  EXPECT_THAT(check_own_directory(dir_ / "ours").failure().message, HasSubstr("by group nogroup"));
}

} // namespace
} // namespace alder::os
