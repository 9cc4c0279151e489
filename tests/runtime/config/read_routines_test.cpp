#include "runtime/config/read_routines.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

namespace alder::config {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

TEST(ReadRoutines, AWatchIsOfTheWorkingDirectoryUnlessTold) {
  const auto all = service_with("command: x, cwd: app, watch: {}").watch;
  EXPECT_THAT(all.paths, ElementsAre("/srv/shop/app"));
  EXPECT_THAT(all.ignore, ElementsAre(".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "*.pyc", "*.pyc.*",
                                      "*.log", "*.log.[0-9]*", "*.log.idx", "*.pid", "*.swp", "*.swx", ".#*", "*~"));
  EXPECT_EQ(all.debounce, 200ms);
  EXPECT_FALSE(all.content);
  const auto some =
      service_with("command: x, watch: { paths: [src, /etc/app.conf], ignore: '*.tmp', debounce: 1s, content: true }")
          .watch;
  EXPECT_THAT(some.paths, ElementsAre("/srv/shop/src", "/etc/app.conf"));
  EXPECT_THAT(some.ignore, ElementsAre("*.tmp"));
  EXPECT_EQ(some.debounce, 1s);
  EXPECT_TRUE(some.content);
  EXPECT_FALSE(service_with("command: x").watch.any());
}

TEST(ReadRoutines, HooksAreCommands) {
  const auto hooks =
      service_with("command: x, hooks: { before_start: 'a \"b c\"', after_exit: [d, '${INSTANCE}'], timeout: 5s }")
          .hooks;
  EXPECT_THAT(hooks.before_start, ElementsAre("a", "b c"));
  EXPECT_THAT(hooks.after_exit, ElementsAre("d", "0"));
  EXPECT_TRUE(hooks.after_start.empty());
  EXPECT_EQ(hooks.timeout, 5s);
  EXPECT_THAT(places(load_service("command: x, hooks: { before_start: '' }")), ElementsAre("E019 1:62"));
  EXPECT_THAT(places(load_service("command: x, hooks: { before: x }")), ElementsAre("E010 1:48"));
}

} // namespace
} // namespace alder::config
