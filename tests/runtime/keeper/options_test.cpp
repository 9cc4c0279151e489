#include "runtime/keeper/options.hpp"

#include <gtest/gtest.h>

namespace alder::keeper {
namespace {

result<options> parse(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.data());
  return parse_options(pointers);
}

const std::vector<std::string> complete = {"--run-dir", "/r", "--state-dir", "/s", "--log-dir", "/l", "--daemon", "/d"};

std::vector<std::string> with(std::vector<std::string> more) {
  auto words = complete;
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(KeeperOptions, reads_all_of_them) {
  const auto read = parse(with({"--foreground", "--ready-fd", "7", "--", "--foreground", "x"}));
  ASSERT_TRUE(read.ok()) << read.failure().message;
  EXPECT_EQ(*read, (options{"/r", "/s", "/l", "/d", {"--foreground", "x"}, true, 7}));
}

TEST(KeeperOptions, reads_what_a_successor_is_given) {
  const auto read =
      parse(with({"--adopt-fd", "5", "--daemon-pid", "77", "--mark", "1.2", "--epoch", "4", "--watchdog", "0"}));
  ASSERT_TRUE(read.ok()) << read.failure().message;
  EXPECT_EQ(read->adopt_fd, 5);
  EXPECT_EQ(read->daemon_pid, 77);
  EXPECT_EQ(read->mark, "1.2");
  EXPECT_EQ(read->epoch, 4u);
  EXPECT_EQ(read->watchdog.count(), 0);
  EXPECT_EQ(parse(with({"--resume-fd", "6"}))->resume_fd, 6);
  EXPECT_FALSE(parse(with({"--watchdog", "-1"})).ok());
  EXPECT_FALSE(parse(with({"--adopt-fd", "2"})).ok());
}

TEST(KeeperOptions, needs_each_directory_and_the_daemon) {
  for (std::size_t left_out = 0; left_out < complete.size(); left_out += 2) {
    auto words = complete;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(left_out),
                words.begin() + static_cast<std::ptrdiff_t>(left_out) + 2);
    const auto read = parse(words);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.failure().message, complete[left_out] + " is missing");
  }
}

TEST(KeeperOptions, refuses_what_it_does_not_know) {
  EXPECT_EQ(parse(with({"--fast"})).failure().message, "unknown option '--fast'");
  EXPECT_EQ(parse(with({"--ready-fd"})).failure().message, "--ready-fd needs a value");
  EXPECT_EQ(parse(with({"--ready-fd", "2"})).failure().message, "--ready-fd needs a descriptor number from 3, not '2'");
  EXPECT_EQ(parse(with({"--ready-fd", "7x"})).failure().message,
            "--ready-fd needs a descriptor number from 3, not '7x'");
  EXPECT_EQ(parse(with({"--daemon", "alderd"})).failure().message, "--daemon needs an absolute path, not 'alderd'");
}

} // namespace
} // namespace alder::keeper
