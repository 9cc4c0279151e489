#include "runtime/os/files.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/terminal.hpp"

#include "runtime/os/safe_open.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace alder::os {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat s {};
  return ::stat(path.c_str(), &s) == 0 ? s.st_mode & 0777U : 0U;
}

TEST(Files, WhatIsWrittenAtomicallyIsReadBack) {
  const test::temporary_directory dir;
  const std::string bytes{"a\0b\n", 4};
  ASSERT_TRUE(write_file_atomically(dir / "x", "old and longer"));
  ASSERT_TRUE(write_file_atomically(dir / "x", bytes));
  EXPECT_EQ(*read_file(dir / "x", 4), bytes);
  EXPECT_EQ(mode_of(dir / "x"), 0600U);
  EXPECT_FALSE(std::filesystem::exists(dir / "x.new"));
}

TEST(Files, AFailedAtomicWriteLeavesNothingBehind) {
  const test::temporary_directory dir;
  std::filesystem::create_directories(dir / "x/full"); // a rename onto it must fail
  const auto written = write_file_atomically(dir / "x", "new");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().kind, error_kind::io);
  EXPECT_FALSE(std::filesystem::exists(dir / "x.new"));
}

TEST(Files, ReadingHasALimit) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "x", std::string(200'000, 'x')));
  EXPECT_EQ(read_file(dir / "x", 200'000)->size(), 200'000U);
  EXPECT_EQ(read_file(dir / "x", 199'999).failure().kind, error_kind::too_large);
}

TEST(Files, AMissingFileIsNotFound) {
  const test::temporary_directory dir;
  const auto text = read_file(dir / "none", 10);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.failure().kind, error_kind::not_found);
  EXPECT_EQ(text.failure().os_errno, ENOENT);
  EXPECT_EQ(text.failure().message, "cannot read " + (dir / "none") + ": no such file or directory (ENOENT)");
  EXPECT_EQ(facts_of(dir / "none").failure().kind, error_kind::not_found);
  EXPECT_EQ(rename_file(dir / "none", dir / "x").failure().kind, error_kind::not_found);
}

TEST(Files, DirectoriesAreMadeWithTheirParents) {
  const test::temporary_directory dir;
  ASSERT_TRUE(make_directories(dir / "a/b/c", 0700));
  ASSERT_TRUE(make_directories(dir / "a/b/c/", 0755));
  EXPECT_EQ(mode_of(dir / "a"), 0700U);
  EXPECT_EQ(mode_of(dir / "a/b/c"), 0700U);
  ASSERT_TRUE(test::append(dir / "file", "x"));
  EXPECT_EQ(make_directories(dir / "file", 0700).failure().kind, error_kind::conflict);
  EXPECT_EQ(make_directories(dir / "file/b", 0700).failure().kind, error_kind::conflict);
}

TEST(Files, AppendingAddsAtTheEnd) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "x", "one\n"));
  ASSERT_TRUE(test::append(dir / "x", "two\n"));
  EXPECT_EQ(*read_file(dir / "x", 100), "one\ntwo\n");
  EXPECT_EQ(mode_of(dir / "x"), 0600U);
}

TEST(Files, AFullDiskIsAnError) {
  const auto full = open_to_write("/dev/full", {.what = write_access::sort::any});
  ASSERT_TRUE(full);
  const auto written = write_all(full->fd.get(), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().os_errno, ENOSPC);
}

TEST(Files, APartThatATerminalTakesIsNoSuccess) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  const unique_fd ours{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  ASSERT_EQ(::unlockpt(ours.get()), 0);
  const unique_fd theirs{::open(::ptsname(ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)}; // who reads nothing
  const std::string line = std::string(4000, 'x') + "\n";
  auto done = success();
  for (int n = 0; done && n < 1000; ++n)
    done = write_whole(ours.get(), line);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.failure().kind, error_kind::conflict) << done.failure().message;
}

TEST(Files, ReadingAtStopsAtTheEnd) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "x", "0123456789"));
  auto fd = open_for_append(dir / "x");
  ASSERT_TRUE(fd);
  std::array<char, 8> into{};
  EXPECT_EQ(*read_at(fd->get(), 6, into), 4U);
  EXPECT_EQ(std::string(into.data(), 4), "6789");
  EXPECT_EQ(*read_at(fd->get(), 100, into), 0U);
  ASSERT_TRUE(cut_file(fd->get(), 3));
  EXPECT_EQ(facts_of(fd->get())->size, 3U);
  EXPECT_EQ(facts_of(dir / "x")->inode, facts_of(fd->get())->inode);
}

std::string why_not(const std::string& path) {
  const auto text = read_file(path, 1000);
  return text ? "(read)" : text.failure().message;
}

TEST(Files, WhatIsNoRegularFileIsNeitherWaitedForNorRead) {
  const test::temporary_directory dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(dir / "fifo", dir / "link");
  EXPECT_EQ(why_not(dir / "fifo"), dir / "fifo is a FIFO, not a regular file");
  EXPECT_EQ(why_not(dir / "link"), dir / "link is a FIFO, not a regular file");
  EXPECT_EQ(why_not(dir.path()), dir.path() + " is a directory, not a regular file");
  EXPECT_EQ(why_not("/dev/zero"), "/dev/zero is a device, not a regular file");
  EXPECT_EQ(why_not("/proc/self/status"), "/proc/self/status is generated by the kernel, not a regular file");
  EXPECT_NE(why_not("/proc/kmsg"), "(read)");
  const unique_fd listener{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, (dir / "socket").c_str());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(why_not(dir / "socket"), dir / "socket is a socket, not a regular file");
  EXPECT_FALSE(open_for_reading(dir / "fifo"));
}

TEST(Files, AFileThatIsTooLargeIsNotRead) {
  const test::temporary_directory dir;
  ASSERT_TRUE(test::append(dir / "huge", "x"));
  std::filesystem::resize_file(dir / "huge", std::uintmax_t{1} << 40U); // of holes
  EXPECT_EQ(read_file(dir / "huge", 1000).failure().kind, error_kind::too_large);
}

TEST(Files, WhatIsHandedOverOpenIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const unique_fd read{ends[0]};
  {
    const unique_fd written{ends[1]};
    ASSERT_TRUE(write_all(written.get(), "name: shop\n"));
  }
  const auto path = "/dev/fd/" + std::to_string(read.get());
  EXPECT_FALSE(read_file(path, 1000));
  EXPECT_EQ(*read_input(path, 1000), "name: shop\n");
  const test::temporary_directory dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_input(dir / "fifo", 1000).failure().kind, error_kind::invalid_input);
}

} // namespace
} // namespace alder::os
