#include "runtime/policy/watch_rules.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace alder::policy {
namespace {

watch_spec src(std::vector<std::string> ignore = {}) {
  watch_spec watch;
  watch.paths = {"/srv/app/src", "/srv/app/config.json"};
  watch.ignore = std::move(ignore);
  return watch;
}

TEST(WatchRules, WhatIsBelowAPathCountsAndAFileItself) {
  EXPECT_TRUE(is_watched(src(), "/srv/app/src/a/b.js"));
  EXPECT_TRUE(is_watched(src(), "/srv/app/src"));
  EXPECT_TRUE(is_watched(src(), "/srv/app/config.json"));
  EXPECT_FALSE(is_watched(src(), "/srv/app/config.json.bak"));
  EXPECT_FALSE(is_watched(src(), "/srv/app/srcs/a"));
  EXPECT_FALSE(is_watched(src(), "/srv/app"));
}

TEST(WatchRules, AGlobWithoutASlashIsAboutAnyNameOnTheWay) {
  const auto watch = src({"node_modules", "*.log"});
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/x.log"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/a/node_modules/b/c.js"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/my_node_modules/c.js"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/x.log.js"));
}

TEST(WatchRules, AGlobWithASlashIsAboutTheWayBelowThePath) {
  const auto watch = src({"build/*", "a/*/c"});
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/build/x/y.o"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/lib/build/y.o"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/a/b/c"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/a/b/c/d"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/a/b/b/c"));
}

TEST(WatchRules, TheDefaultLeavesOutWhatProgramsWriteThemselves) {
  auto watch = src({"__pycache__", "*.pyc", "*.pyc.*", "*.log", "*.log.[0-9]*", "*.log.idx"});
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/__pycache__/app.cpython-311.pyc.139"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/app.pyc.281472"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/web.log.20261128T010203.456789Z.gz"));
  EXPECT_FALSE(is_watched(watch, "/srv/app/src/web.log.idx"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/request.log.js"));
  EXPECT_TRUE(is_watched(watch, "/srv/app/src/app.py"));
}

TEST(WatchRules, IgnoringDoesNotReachAboveThePath) {
  watch_spec watch;
  watch.paths = {"/srv/node_modules/app"};
  watch.ignore = {"node_modules"};
  EXPECT_TRUE(is_watched(watch, "/srv/node_modules/app/x.js"));
}

TEST(WatchRules, TheRootDirectory) {
  watch_spec watch;
  watch.paths = {"/"};
  EXPECT_TRUE(is_watched(watch, "/etc/passwd"));
}

} // namespace
} // namespace alder::policy
