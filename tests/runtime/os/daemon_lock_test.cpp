#include "runtime/os/daemon_lock.hpp"

#include "tests/support/keeper_bed.hpp"

namespace alder::os {
namespace {

/// A process that takes the lock and does nothing any more.
struct holder {
  explicit holder(const std::string& path) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid = ::fork();
    if (pid == 0) {
      const auto lock = take_daemon_lock(path, std::chrono::seconds{10});
      (void)!::write(ends[1], lock.ok() ? "1" : "0", 1);
      for (;;)
        ::pause();
    }
    char answer = 0;
    EXPECT_TRUE(test::readable(ends[0]));
    EXPECT_EQ(::read(ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, '1');
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~holder() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  int pid = 0;
};

TEST(DaemonLock, a_daemon_that_has_outlived_its_keeper_is_ended) {
  test::scratch dir;
  holder former{dir.path("lock")};
  ::kill(former.pid, SIGSTOP); // it hangs
  const auto lock = take_daemon_lock(dir.path("lock"), std::chrono::seconds{10});
  ASSERT_TRUE(lock.ok()) << lock.failure().message;
  int status = 0;
  EXPECT_EQ(::waitpid(former.pid, &status, 0), former.pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(DaemonLock, one_is_held_until_its_process_ends) {
  test::scratch dir;
  {
    holder former{dir.path("lock")};
    holder latter{dir.path("lock")};
    EXPECT_EQ(::waitpid(former.pid, nullptr, 0), former.pid);
    EXPECT_EQ(::waitpid(latter.pid, nullptr, WNOHANG), 0);
  }
  EXPECT_TRUE(take_daemon_lock(dir.path("lock"), std::chrono::milliseconds{0}).ok());
}

TEST(DaemonLock, a_link_is_not_followed) {
  test::scratch dir;
  std::filesystem::create_symlink(dir.path("other"), dir.path("lock"));
  EXPECT_FALSE(take_daemon_lock(dir.path("lock"), std::chrono::milliseconds{0}).ok());
  EXPECT_FALSE(std::filesystem::exists(dir.path("other")));
}

TEST(DaemonLock, who_ends_with_a_journal_that_is_behind_leaves_counts_in_doubt) {
  test::scratch dir;
  const auto lock = take_daemon_lock(dir.path("lock"), std::chrono::milliseconds{0});
  daemon_notes first{lock->get()};
  EXPECT_FALSE(first.is_in_doubt());
  first.set_behind(true);
  first.set_behind(false); // it has caught up
  daemon_notes second{lock->get()};
  EXPECT_FALSE(second.is_in_doubt());
  second.set_behind(true);
  daemon_notes third{lock->get()};
  EXPECT_TRUE(third.is_in_doubt());
  daemon_notes fourth{lock->get()}; // it stays so
  EXPECT_TRUE(fourth.is_in_doubt());
  fourth.set_doubt(false);
  EXPECT_FALSE(daemon_notes{lock->get()}.is_in_doubt());
}

} // namespace
} // namespace alder::os
