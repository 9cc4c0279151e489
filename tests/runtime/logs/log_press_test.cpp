#include "runtime/logs/log_press.hpp"

#include "tests/support/append.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace alder::logs {
namespace {

class LogPress : public ::testing::Test {
protected:
  /// An archive of `out.log`, with an index, put aside `age` ago.
  std::string archive(std::chrono::seconds age, std::size_t size = 1000, const std::string& live = "out.log") {
    const auto at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) - age;
    const auto path = dir_ / live + "." + wire::archive_stamp(at);
    EXPECT_TRUE(test::append(path, std::string(size, 'x')));
    EXPECT_TRUE(test::append(path + ".idx", std::string(16, '\0')));
    return path;
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
      names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    return names;
  }
  void press(const log_spec& rules) {
    press_.look_after({{dir_ / "out.log", dir_ / "err.log"}, rules});
    press_.settle();
  }

  test::temporary_directory dir_;
  log_press press_;
};

using std::chrono::hours;
using std::chrono::seconds;

TEST_F(LogPress, CompressesAllButTheNewest) {
  const auto one = archive(seconds{30});
  const auto two = archive(seconds{20});
  const auto three = archive(seconds{10});
  press({});
  EXPECT_EQ(files(), (std::vector<std::string>{one + ".gz", one + ".idx.gz", two + ".gz", two + ".idx.gz", three,
                                               three + ".idx"}));
}

TEST_F(LogPress, LeavesWhatIsCompressedInAnotherWayAsItIs) {
  const auto one = archive(seconds{40});
  const auto two = archive(seconds{30});
  press({});
  const auto three = archive(seconds{20});
  log_spec rules;
  rules.compress = log_compression::zstd;
  press(rules);
  EXPECT_EQ(files(), (std::vector<std::string>{one + ".gz", one + ".idx.gz", two + ".idx.zst", two + ".zst", three,
                                               three + ".idx"}));
  rules.max_files = 1;
  press(rules);
  EXPECT_EQ(files(), (std::vector<std::string>{three, three + ".idx"}));
}

TEST_F(LogPress, LeavesThemPlainWhenToldSo) {
  log_spec rules;
  rules.compress = log_compression::none;
  const auto one = archive(seconds{30});
  const auto two = archive(seconds{20});
  press(rules);
  EXPECT_EQ(files(), (std::vector<std::string>{one, one + ".idx", two, two + ".idx"}));
}

TEST_F(LogPress, DeletesWhatIsBeyondTheLimits) {
  log_spec rules;
  rules.compress = log_compression::none;
  rules.max_files = 2;
  rules.max_age = hours{1};
  (void)archive(seconds{7200}, 10, "err.log");
  (void)archive(seconds{30});
  const auto two = archive(seconds{20});
  const auto three = archive(seconds{10});
  press(rules);
  EXPECT_EQ(files(), (std::vector<std::string>{two, two + ".idx", three, three + ".idx"}));
}

TEST_F(LogPress, KeepsTheWholeDirectoryWithinItsTotal) {
  log_spec rules;
  rules.compress = log_compression::none;
  rules.tree_total = 5000;
  ASSERT_TRUE(test::append(dir_ / "out.log", std::string(2000, 'x')));
  (void)archive(seconds{30}, 2000, "other.log"); // of a service that has no order
  const auto two = archive(seconds{20}, 1000);
  const auto three = archive(seconds{10}, 1000, "err.log");
  press(rules);
  EXPECT_EQ(files(), (std::vector<std::string>{three, three + ".idx", dir_ / "out.log", two, two + ".idx"}));
}

TEST_F(LogPress, ClearsAwayWhatCrashesLeft) {
  const auto one = archive(seconds{300});
  ASSERT_TRUE(test::append(one + ".gz", "complete, for all that is known"));
  ASSERT_TRUE(test::append(one + ".gz.tmp", "half"));
  const auto two = archive(seconds{200});
  std::filesystem::remove(two); // only its index had got its new name
  const auto young = archive(seconds{1});
  std::filesystem::remove(young); // that may be happening at this moment
  const auto last = archive(seconds{0});
  ASSERT_TRUE(test::append(last + ".idx.zst.tmp", "half"));
  press({});
  EXPECT_EQ(files(), (std::vector<std::string>{one + ".gz", one + ".idx.gz", young + ".idx.gz", last, last + ".idx"}));
}

TEST_F(LogPress, MakesRoomAtOnce) {
  (void)archive(seconds{30});
  const auto two = archive(seconds{20});
  EXPECT_EQ(press_.make_room(dir_ / "out.log", 500), 1016U);
  EXPECT_EQ(files(), (std::vector<std::string>{two, two + ".idx"}));
  EXPECT_EQ(press_.make_room(dir_ / "nowhere/out.log", 500), 0U);
}

TEST_F(LogPress, WritesThroughNothingThatSomebodyElseHasPutThere) {
  ALDER_NEEDS_ROOT;
  test::give_away(dir_.path());
  const test::temporary_directory ours;
  ASSERT_TRUE(test::append(ours / "precious", "keep"));
  const auto one = archive(seconds{30});
  const auto two = archive(seconds{20});
  std::filesystem::create_hard_link(ours / "precious", one + ".gz.tmp");
  std::filesystem::create_symlink(ours / "precious", one + ".idx.gz.tmp");
  std::filesystem::remove(one + ".idx");
  std::filesystem::create_hard_link(ours / "precious", one + ".idx"); // not to be read either
  press({});
  EXPECT_EQ(*os::read_file(ours / "precious", 100), "keep");
  EXPECT_TRUE(std::filesystem::exists(one + ".gz"));
  EXPECT_FALSE(std::filesystem::exists(one + ".idx.gz"));
}

} // namespace
} // namespace alder::logs
