#include "runtime/os/file_watcher.hpp"

#include "tests/support/keeper_bed.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>

#include <algorithm>
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

  /// Whether this is told of, whatever else is.
  bool hears(const std::string& path) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (std::find(told.begin(), told.end(), dir.path(path)) != told.end()) return true;
      loop.run_one_for(100ms);
    }
    return false;
  }
  /// Whether so many directories come to be watched; what was told until then is forgotten.
  bool comes_to_watch(std::size_t number) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (watcher.directories() != number && std::chrono::steady_clock::now() < deadline)
      loop.run_one_for(10ms);
    loop.poll();
    told.clear();
    return watcher.directories() == number;
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
  auto what = src();
  what.debounce = 2s; // longer than a busy machine pauses between two of them
  watch(what);
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

// -- the path counts, not what it leads to at the moment

TEST_F(FileWatcher, ADirectoryThatIsDeletedAndMadeAgainIsStillWatched) {
  watch(src());
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove_all(dir.path("src"));
    EXPECT_TRUE(hears("src")) << round;
    std::filesystem::create_directories(dir.path("src/deep"));
    ASSERT_TRUE(comes_to_watch(2)) << round;
    write("src/deep/b", "2");
    EXPECT_TRUE(hears("src/deep/b")) << round;
  }
}

TEST_F(FileWatcher, ADirectoryThatIsMadeAgainWithFilesInItHasChanged) {
  watch(src());
  std::filesystem::remove_all(dir.path("src"));
  ASSERT_TRUE(comes_to_watch(0));
  std::filesystem::create_directories(dir.path("new/deep"));
  write("new/deep/a", "1");
  std::filesystem::rename(dir.path("new"), dir.path("src"));
  EXPECT_TRUE(hears("src"));
}

TEST_F(FileWatcher, ADirectoryThatSomebodyStillStandsInIsNoticedWhenItIsReplaced) {
  watch(src());
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(dir.path("src/deep")); // as a service whose directory is deleted
  std::filesystem::remove_all(dir.path("src"));
  std::filesystem::create_directories(dir.path("src"));
  const bool is_watched = comes_to_watch(1);
  write("src/a", "1");
  const bool is_heard = hears("src/a");
  std::filesystem::current_path(here);
  EXPECT_TRUE(is_watched);
  EXPECT_TRUE(is_heard);
}

TEST_F(FileWatcher, ADirectoryThatIsSwappedByARenameHasChangedAndTheOldOneCountsNoMore) {
  std::filesystem::create_directories(dir.path("new"));
  watch(src());
  std::filesystem::rename(dir.path("src"), dir.path("old"));
  std::filesystem::rename(dir.path("new"), dir.path("src"));
  EXPECT_TRUE(hears("src"));
  ASSERT_TRUE(comes_to_watch(1));
  write("old/a", "1");
  write("old/deep/a", "1");
  write("src/b", "1");
  EXPECT_TRUE(hears("src/b"));
  EXPECT_THAT(told, ElementsAre(dir.path("src/b")));
}

TEST_F(FileWatcher, ADirectoryAboveThatIsSwappedCountsToo) {
  std::filesystem::create_directories(dir.path("app/src/deep"));
  std::filesystem::create_directories(dir.path("next/src"));
  auto what = src();
  what.paths = {dir.path("app/src")};
  watch(what);
  std::filesystem::rename(dir.path("app"), dir.path("former"));
  std::filesystem::rename(dir.path("next"), dir.path("app"));
  EXPECT_TRUE(hears("app/src"));
  ASSERT_TRUE(comes_to_watch(1));
  write("former/src/a", "1");
  write("app/src/b", "1");
  EXPECT_TRUE(hears("app/src/b"));
  EXPECT_THAT(told, ElementsAre(dir.path("app/src/b")));
}

TEST_F(FileWatcher, ALinkThatIsSwitchedLeadsToWhatCountsFromThenOn) {
  std::filesystem::create_directories(dir.path("releases/1/src/deep"));
  std::filesystem::create_directories(dir.path("releases/2/src"));
  std::filesystem::create_directory_symlink("releases/1", dir.path("current"));
  auto what = src();
  what.paths = {dir.path("current/src")};
  watch(what);
  write("releases/1/src/a", "1");
  EXPECT_TRUE(hears("current/src/a")) << "by the name it is watched by";
  std::filesystem::create_directory_symlink("releases/2", dir.path("current.new"));
  std::filesystem::rename(dir.path("current.new"), dir.path("current"));
  EXPECT_TRUE(hears("current/src"));
  ASSERT_TRUE(comes_to_watch(1));
  write("releases/1/src/b", "1");
  write("releases/2/src/c", "1");
  EXPECT_TRUE(hears("current/src/c"));
  EXPECT_THAT(told, ElementsAre(dir.path("current/src/c")));
}

TEST_F(FileWatcher, ALinkThatIsRemovedAndMadeAgainIsSwitchedToo) {
  std::filesystem::create_directories(dir.path("one/deep"));
  std::filesystem::create_directories(dir.path("two"));
  std::filesystem::create_directory_symlink(dir.path("one"), dir.path("current"));
  auto what = src();
  what.paths = {dir.path("current")};
  watch(what);
  std::filesystem::remove(dir.path("current"));
  std::filesystem::create_directory_symlink(dir.path("two"), dir.path("current"));
  ASSERT_TRUE(comes_to_watch(1));
  write("two/a", "1");
  EXPECT_TRUE(hears("current/a"));
}

TEST_F(FileWatcher, ALinkThatIsSwitchedToTheSameIsNoChange) {
  std::filesystem::create_directory_symlink("src", dir.path("current"));
  auto what = src();
  what.paths = {dir.path("current")};
  watch(what);
  std::filesystem::create_directory_symlink(dir.path("src"), dir.path("current.new"));
  std::filesystem::rename(dir.path("current.new"), dir.path("current"));
  write("src/marker", "1");
  EXPECT_TRUE(hears("current/marker"));
  EXPECT_THAT(told, ElementsAre(dir.path("current/marker")));
}

TEST_F(FileWatcher, AFileBehindALinkCountsAndSoDoesTheSwitchOfTheLink) {
  // As Kubernetes mounts a ConfigMap: config -> ..data/config, ..data -> ..1
  std::filesystem::create_directories(dir.path("..1"));
  std::filesystem::create_directories(dir.path("..2"));
  write("..1/config", "1");
  write("..2/config", "2");
  std::filesystem::create_directory_symlink("..1", dir.path("..data"));
  std::filesystem::create_symlink("..data/config", dir.path("config"));
  auto what = src();
  what.paths = {dir.path("config")};
  watch(what);
  write("..1/config", "1a");
  EXPECT_THAT(changed(), ElementsAre(dir.path("config")));
  std::filesystem::create_directory_symlink("..2", dir.path("..new"));
  std::filesystem::rename(dir.path("..new"), dir.path("..data"));
  EXPECT_THAT(changed(), ElementsAre(dir.path("config")));
  write("..2/config", "2a");
  EXPECT_THAT(changed(), ElementsAre(dir.path("config")));
}

TEST_F(FileWatcher, TwoThatWatchOneDirectoryByTwoNamesBothHear) {
  std::filesystem::create_directory_symlink("src", dir.path("alias"));
  watch(src());
  auto what = src();
  what.paths = {dir.path("alias")};
  std::vector<std::string> other_told;
  auto other = watcher.watch(what, [&](const std::string& path) { other_told.push_back(path); });
  EXPECT_EQ(watcher.directories(), 2u) << "each is watched once";
  write("src/deep/a", "1");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while ((told.empty() || other_told.empty()) && std::chrono::steady_clock::now() < deadline)
    loop.run_one_for(100ms);
  EXPECT_THAT(told, ElementsAre(dir.path("src/deep/a")));
  EXPECT_THAT(other_told, ElementsAre(dir.path("alias/deep/a")));
  other = nullptr;
  EXPECT_EQ(watcher.directories(), 2u) << "one that leaves does not take it along";
  write("src/deep/b", "1");
  EXPECT_TRUE(hears("src/deep/b"));
}

TEST_F(FileWatcher, WithContentASwapForTheSameTextsIsNoChange) {
  std::filesystem::remove(dir.path("src/deep"));
  write("src/a", "same");
  std::filesystem::create_directories(dir.path("new"));
  write("new/a", "same");
  std::filesystem::create_directory_symlink("src", dir.path("current"));
  auto what = src();
  what.content = true;
  what.paths = {dir.path("current")};
  watch(what);
  std::filesystem::create_directory_symlink("new", dir.path("current.new"));
  std::filesystem::rename(dir.path("current.new"), dir.path("current"));
  write("new/marker", "1");        // in the new one already, so the old is not watched any more
  EXPECT_EQ(changed().size(), 1u); // of the marker, or of all that is new
  ASSERT_TRUE(comes_to_watch(1));
  write("new/a", "same");
  write("new/other", "2");
  EXPECT_TRUE(hears("current/other"));
  EXPECT_THAT(told, ElementsAre(dir.path("current/other")));
}

TEST_F(FileWatcher, APathOfWhichNothingIsThereYetIsFoundWhenItIsMade) {
  auto what = src();
  what.paths = {dir.path("a/b/c")};
  watch(what);
  EXPECT_THAT(complaints, IsEmpty());
  std::filesystem::create_directories(dir.path("a/b/c"));
  ASSERT_TRUE(comes_to_watch(1));
  write("a/b/c/file", "1");
  EXPECT_TRUE(hears("a/b/c/file"));
}

TEST_F(FileWatcher, WhoHasLeftLeavesNothingBehind) {
  std::filesystem::create_directory_symlink("src", dir.path("current"));
  auto what = src();
  what.paths = {dir.path("current"), dir.path("missing/file")};
  watch(what);
  held = nullptr;
  EXPECT_EQ(watcher.directories(), 0u);
  watch(src());
  EXPECT_EQ(watcher.directories(), 2u);
  write("src/a", "1");
  EXPECT_TRUE(hears("src/a"));
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
