#include "runtime/os/machine.hpp"

#include "tests/support/temporary_directory.hpp"
#include "tests/support/terminal.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// What the kernel says to the first step of a mount namespace of one's own: an errno, 0 when it does it.
int tried_to_mount() {
  const int child = ::fork();
  if (child == 0) {
    const bool done = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0;
    ::_exit(done ? 0 : errno);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Machine, says_whether_services_can_have_mounts_of_their_own) {
  const auto trouble = this_machine().mount_trouble;
  const int refusal = tried_to_mount();
  if (trouble) {
    EXPECT_NE(refusal, 0) << trouble->cause;
  } else if (refusal == EPERM || refusal == EACCES) {
    GTEST_SKIP() << "a security module forbids to mount";
  } else {
    EXPECT_EQ(refusal, 0);
  }
}

TEST(Machine, looks_for_a_program_where_a_service_would) {
  const test::temporary_directory dir;
  const auto make = [&](const std::string& name, mode_t mode) {
    std::ofstream{dir / name} << "#!/bin/sh\n";
    ASSERT_EQ(::chmod((dir / name).c_str(), mode), 0);
  };
  make("redis-server", 0755);
  make("notes", 0644);
  const auto trouble_with = this_machine().program_trouble_with;
  EXPECT_FALSE(trouble_with("redis-server", dir.path(), "/"));
  EXPECT_FALSE(trouble_with("./redis-server", "/nowhere", dir.path()));
  EXPECT_FALSE(trouble_with(dir / "redis-server", "/nowhere", "/"));
  const auto typo = trouble_with("redis-sever", "/nowhere:" + dir.path(), "/");
  ASSERT_TRUE(typo);
  EXPECT_NE(typo->cause.find("/nowhere:" + dir.path()), std::string::npos) << typo->cause;
  EXPECT_EQ(typo->nearest, "redis-server");
  EXPECT_EQ(trouble_with("./redis-sever", "", dir.path())->nearest, "./redis-server");
  EXPECT_EQ(trouble_with("xyzzy", dir.path(), "/")->nearest, std::nullopt);
  EXPECT_TRUE(trouble_with(dir.path(), "", "/")) << "a directory";
  EXPECT_EQ(trouble_with("./notes", "", dir.path()).has_value(), ::geteuid() == 0) << "for another user it may do";
}

TEST(Machine, knows_a_mount_point_from_a_directory) {
  const test::temporary_directory dir;
  EXPECT_TRUE(is_mount_point("/proc"));
  EXPECT_FALSE(is_mount_point(dir.path()));
  EXPECT_TRUE(is_mount_point(dir / "nobody")) << "what cannot be looked at is no reason to refuse";
}

TEST(Machine, says_whether_there_are_terminals) {
  const auto trouble = terminal_trouble();
  EXPECT_EQ(trouble.has_value(), !test::no_terminal().empty()) << test::no_terminal();
  if (trouble) {
    EXPECT_NE(trouble->cause.find("/dev/ptmx"), std::string::npos) << trouble->cause;
  }
}

TEST(Machine, terminals_that_have_run_out_are_no_reason_to_refuse) {
  const rlimit none{0, 0};
  const int child = ::fork();
  if (child == 0) {
    const bool limited = ::setrlimit(RLIMIT_NOFILE, &none) == 0;
    ::_exit(limited && !terminal_trouble() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

} // namespace
} // namespace alder::os
