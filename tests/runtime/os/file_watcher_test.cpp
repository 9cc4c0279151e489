#include "runtime/os/file_watcher.hpp"

#include "tests/support/keeper_bed.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace alder::os {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class FileWatcher : public ::testing::Test {
protected:
  FileWatcher() { std::filesystem::create_directories(dir.path("src/deep")); }

  watch_spec src() {
    watch_spec what;
    what.paths = {dir.path("src")};
    what.ignore = {"*.log", "node_modules"};
    what.debounce = 20ms;
    return what;
  }
  void watch(const watch_spec& what) {
    held = watcher.watch(what, [this](const std::string& path) { told.push_back(path); });
    (void)watcher.directories(); // from here on it is watched
  }
  void write(const std::string& name, const std::string& text) { std::ofstream{dir.path(name)} << text; }
  /// Runs until something is told, or until a file that was written last must have been (if `marker` is told first,
  /// nothing before it counted).
  void run_until_told() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (told.empty() && std::chrono::steady_clock::now() < deadline)
      loop.run_one_for(100ms);
  }
  std::vector<std::string> changed() {
    run_until_told();
    return std::exchange(told, {});
  }
  /// What was told when a change that counts was made after what should not: only that.
  std::vector<std::string> changed_after_marker() {
    loop.poll();
    write("src/marker", std::to_string(++markers));
    return changed();
  }

  test::scratch dir;
  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> always{loop.get_executor()};
  std::vector<std::string> complaints;
  std::vector<std::string> told;
  int markers = 0;
  file_watcher watcher{loop, [this](const std::string& what) { complaints.push_back(what); }};
  std::shared_ptr<void> held;
};

TEST_F(FileWatcher, TellsOfAFileThatWasWrittenHoweverDeep) {
  watch(src());
  EXPECT_EQ(watcher.directories(), 2u);
  write("src/deep/a.js", "1");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/deep/a.js")));
}

TEST_F(FileWatcher, ManyChangesAreToldOnce) {
  watch(src());
  for (int i = 0; i < 50; ++i)
    write("src/" + std::to_string(i), "x");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/49")));
}

TEST_F(FileWatcher, IgnoredFilesAndDirectoriesDoNotCount) {
  std::filesystem::create_directories(dir.path("src/node_modules/x"));
  watch(src());
  EXPECT_EQ(watcher.directories(), 2u);
  write("src/a.log", "1");
  write("src/node_modules/x/b.js", "1");
  EXPECT_THAT(changed_after_marker(), ElementsAre(dir.path("src/marker")));
}

TEST_F(FileWatcher, DeletedAndRenamedFilesCount) {
  write("src/a", "1");
  watch(src());
  std::filesystem::remove(dir.path("src/a"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/a")));
  write("b", "1");
  std::filesystem::rename(dir.path("b"), dir.path("src/b"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/b")));
}

TEST_F(FileWatcher, DirectoriesThatAreMadeLaterAreWatchedToo) {
  watch(src());
  std::filesystem::create_directories(dir.path("src/new/newer"));
  EXPECT_THAT(changed_after_marker(), ElementsAre(dir.path("src/marker"))) << "empty directories change nothing";
  write("src/new/newer/a", "1");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/new/newer/a")));
  EXPECT_EQ(watcher.directories(), 4u);
  std::filesystem::remove_all(dir.path("src/new"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/new/newer/a")));
  EXPECT_EQ(watcher.directories(), 2u);
}

TEST_F(FileWatcher, ATreeThatIsMovedInCountsWithWhatIsInIt) {
  watch(src());
  std::filesystem::create_directories(dir.path("other/in"));
  write("other/in/a", "1");
  std::filesystem::rename(dir.path("other"), dir.path("src/other"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/other")));
  write("src/other/in/a", "2");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/other/in/a")));
  std::filesystem::rename(dir.path("src/other"), dir.path("away"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/other")));
  write("away/in/a", "3");
  EXPECT_THAT(changed_after_marker(), ElementsAre(dir.path("src/marker")));
}

TEST_F(FileWatcher, OneFileIsWatchedThoughItIsReplaced) {
  write("config", "1");
  auto what = src();
  what.paths = {dir.path("config")};
  watch(what);
  write("config.new", "2");
  std::filesystem::rename(dir.path("config.new"), dir.path("config"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("config")));
}

TEST_F(FileWatcher, WithContentTheSameTextIsNoChange) {
  write("src/a", "same");
  auto what = src();
  what.content = true;
  watch(what);
  write("src/a", "same");
  EXPECT_THAT(changed_after_marker(), ElementsAre(dir.path("src/marker")));
  write("src/a", "other");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/a")));
  std::filesystem::remove(dir.path("src/a"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/a")));
}

TEST_F(FileWatcher, EachIsToldOfItsOwnAndWhoHasLeftOfNothing) {
  watch(src());
  auto what = src();
  what.paths = {dir.path("src/deep")};
  std::vector<std::string> deep;
  auto other = watcher.watch(what, [&](const std::string& path) { deep.push_back(path); });
  EXPECT_EQ(watcher.directories(), 2u);
  write("src/a", "1");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/a")));
  EXPECT_THAT(deep, IsEmpty());
  held = nullptr;
  EXPECT_EQ(watcher.directories(), 1u);
  write("src/deep/b", "1");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (deep.empty() && std::chrono::steady_clock::now() < deadline)
    loop.run_one_for(100ms);
  EXPECT_THAT(deep, ElementsAre(dir.path("src/deep/b")));
  EXPECT_THAT(told, IsEmpty());
  other = nullptr;
  EXPECT_EQ(watcher.directories(), 0u);
}

TEST_F(FileWatcher, NothingIsDueWhileNothingChanges) {
  watch(src());
  loop.poll();
  EXPECT_EQ(loop.run_one_for(50ms), 0u);
}

TEST_F(FileWatcher, APathThatIsNotThereYetIsWatchedThroughItsDirectory) {
  auto what = src();
  what.paths = {dir.path("later.conf")};
  watch(what);
  write("later.conf", "1");
  EXPECT_THAT(changed(), ElementsAre(dir.path("later.conf")));
  EXPECT_THAT(complaints, IsEmpty());
}

TEST_F(FileWatcher, WithContentWhatIsNoRegularFileIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(dir.path("src/fifo").c_str(), 0600), 0);
  write("src/a", "same");
  auto what = src();
  what.content = true;
  watch(what);
  std::filesystem::remove(dir.path("src/a"));
  ASSERT_EQ(::mkfifo(dir.path("src/a").c_str(), 0600), 0);
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/a")));
  write("src/b", "text");
  EXPECT_THAT(changed(), ElementsAre(dir.path("src/b")));
}

} // namespace
} // namespace alder::os
