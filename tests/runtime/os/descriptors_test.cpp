#include "runtime/os/descriptors.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/keeper_home.hpp"
#include "runtime/os/member_table.hpp"
#include "runtime/os/proc.hpp"

#include <cerrno>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace alder::os {
namespace {

/// Takes all descriptors there are, up to a limit that keeps that short.
class nothing_left {
public:
  nothing_left() {
    (void)::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{256, before_.rlim_max};
    (void)::setrlimit(RLIMIT_NOFILE, &lower);
    for (unique_fd next{::dup(2)}; next; next.reset(::dup(2)))
      taken_.push_back(std::move(next));
  }
  nothing_left(const nothing_left&) = delete;
  nothing_left& operator=(const nothing_left&) = delete;
  ~nothing_left() {
    taken_.clear();
    (void)::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_back(std::size_t count) { taken_.resize(taken_.size() - count); }

private:
  rlimit before_{};
  std::deque<unique_fd> taken_;
};

TEST(Descriptors, are_counted) {
  const auto before = count_descriptors();
  const unique_fd one{::dup(2)};
  EXPECT_EQ(count_descriptors().used, before.used + 1);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(before.limit, limit.rlim_cur);
}

TEST(Descriptors, are_counted_when_none_is_left) {
  keep_spare_descriptors();
  const nothing_left full;
  EXPECT_EQ(count_descriptors().left(), 0U);
}

TEST(Descriptors, proc_is_read_without_any) {
  keep_spare_descriptors();
  const nothing_left full;
  ASSERT_LT(::open("/dev/null", O_RDONLY), 0);
  ASSERT_EQ(errno, EMFILE);
  for (int round = 0; round < 3; ++round) { // what was lent comes back
    const auto self = read_stat(::getpid());
    ASSERT_TRUE(self.has_value());
    EXPECT_EQ(self->pid, ::getpid());
    EXPECT_FALSE(all_pids().empty());
    EXPECT_FALSE(command_line(::getpid()).empty());
    EXPECT_FALSE(read_stat(0).has_value()) << "who is not there is not there";
  }
}

TEST(Descriptors, a_look_inside_a_look_is_possible_and_a_third_is_not) {
  keep_spare_descriptors();
  const nothing_left full;
  const auto null = [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); };
  const brief_descriptor first{null};
  const brief_descriptor second{null};
  EXPECT_TRUE(first.valid());
  EXPECT_TRUE(second.valid());
  const brief_descriptor third{null};
  EXPECT_FALSE(third.valid());
  EXPECT_EQ(errno, EMFILE);
}

TEST(Descriptors, a_failure_that_is_no_shortage_is_told_as_it_is) {
  keep_spare_descriptors();
  const nothing_left full;
  const brief_descriptor none{[] { return ::open("/proc/self/no such file", O_RDONLY | O_CLOEXEC); }};
  EXPECT_FALSE(none.valid());
  EXPECT_EQ(errno, ENOENT);
}

TEST(Descriptors, the_processes_of_a_service_are_found_and_killed_without_any) {
  keep_spare_descriptors();
  ASSERT_TRUE(become_subreaper().ok());
  const auto self = read_stat(::getpid());
  ASSERT_TRUE(self.has_value());
  const auto line = std::to_string(::getpid()) + "." + std::to_string(self->start_ticks);
  const auto mark = line + "/t/few/1";
  member_table table{::getpid(), line};
  table.add(mark, member_table::since::now);
  std::vector<spawned_process> started;
  for (int i = 0; i < 3; ++i) {
    auto one = spawn({.program = "/bin/sleep",
                      .start = {.command = {"sleep", "1000"},
                                .environment = {{"ALDER_MEMBER", mark}},
                                .cwd = {},
                                .stdin_file = {},
                                .umask = {},
                                .attributes = {}},
                      .where = spawn_request::output::null,
                      .file = -1,
                      .passed = -1,
                      .file_limit = {}});
    ASSERT_TRUE(std::holds_alternative<spawned_process>(one));
    started.push_back(std::move(std::get<spawned_process>(one)));
  }
  {
    const nothing_left full;
    EXPECT_EQ(table.members(mark).size(), 3U);
    EXPECT_EQ(table.kill(mark), 3U);
    for (const auto& one : started)
      reap(one.held[holding::pidfd].get());
    EXPECT_TRUE(table.members(mark).empty()) << "those that have gone are not taken for being there";
  }
}

TEST(DescriptorBudget, refuses_what_would_touch_the_reserve_and_says_the_numbers) {
  descriptor_count have{.used = 50, .limit = 100};
  descriptor_budget budget{20, [&] { return have; }};
  EXPECT_FALSE(budget.refuse(30).has_value());
  have.used = 80;
  const auto refused = budget.refuse(1);
  ASSERT_TRUE(refused.has_value());
  const auto told = too_few_descriptors("its start", 1, *refused, budget.reserve());
  EXPECT_EQ(told.kind, error_kind::unavailable);
  for (const auto* number : {"1 file descriptor,", "only 20 of 100", "20 of those", "ulimit -Hn", "LimitNOFILE="})
    EXPECT_NE(told.message.find(number), std::string::npos) << told.message;
}

TEST(DescriptorBudget, counts_seldom_while_there_is_plenty_and_each_time_when_there_is_not) {
  descriptor_count have{.used = 0, .limit = 1'000'000};
  int counted = 0;
  descriptor_budget budget{16, [&] {
                             ++counted;
                             return have;
                           }};
  for (int i = 0; i < 320; ++i)
    EXPECT_FALSE(budget.refuse(10).has_value());
  EXPECT_LE(counted, 12);
  have.used = have.limit - 10;
  int granted = 0;
  while (!budget.refuse(10).has_value())
    ++granted;
  EXPECT_LT(granted, 32) << "it does not rely on an old count for long";
  const auto before = counted;
  EXPECT_TRUE(budget.refuse(10).has_value());
  EXPECT_EQ(counted, before + 1);
  have.used = 0;
  EXPECT_FALSE(budget.refuse(10).has_value()) << "and sees at once that there are more";
}

} // namespace
} // namespace alder::os
