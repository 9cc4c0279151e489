#include "runtime/os/pidfd_watch.hpp"

#include "tests/support/keeper_bed.hpp"

#include <set>

namespace alder::os {
namespace {

spawned_process start(const std::string& time) {
  auto started = spawn({.program = "/bin/sleep", .start = {.command = {"sleep", time}}});
  return std::move(std::get<spawned_process>(started));
}

TEST(PidfdWatch, tells_of_each_end_once) {
  pidfd_watch watch;
  EXPECT_LT(watch.fd(), 0);
  auto first = start("1000");
  auto second = start("1000");
  auto third = start("1000");
  for (const auto* one : {&first, &second, &third})
    ASSERT_TRUE(watch.add(one->held[holding::pidfd].get(), one->pid));
  EXPECT_TRUE(watch.take().empty());
  for (const auto* one : {&first, &second})
    (void)signal_pidfd(one->held[holding::pidfd].get(), SIGKILL);
  std::set<int> told;
  while (told.size() < 2 && test::readable(watch.fd()))
    for (const int pid : watch.take())
      EXPECT_TRUE(told.insert(pid).second);
  EXPECT_EQ(told, (std::set<int>{first.pid, second.pid}));
  watch.remove(third.held[holding::pidfd].get());
  (void)signal_pidfd(third.held[holding::pidfd].get(), SIGKILL);
  for (const auto* one : {&first, &second, &third})
    reap(one->held[holding::pidfd].get());
  EXPECT_TRUE(watch.take().empty());
}

TEST(PidfdWatch, what_is_no_descriptor_cannot_be_watched) {
  pidfd_watch watch;
  EXPECT_FALSE(watch.add(-1, 1));
}

} // namespace
} // namespace alder::os
