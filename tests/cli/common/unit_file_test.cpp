#include "cli/common/unit_file.hpp"

#include <gtest/gtest.h>

namespace alder::cli {
namespace {

os::surroundings root() { return {.uid = 0, .cwd = "/", .environment = {{"PATH", "/usr/bin:/bin"}}}; }
os::surroundings user() {
  return {.uid = 1000, .cwd = "/", .environment = {{"HOME", "/home/ann"}, {"PATH", "/bin"}, {"ALDER_HOME", "/x y/%h"}}};
}

TEST(UnitFile, HasItsPlaceWithTheMachineOrTheUser) {
  EXPECT_EQ(place_of_unit(root())->file, "/etc/systemd/system/alder.service");
  EXPECT_EQ(place_of_unit(user())->file, "/home/ann/.config/systemd/user/alder.service");
  auto elsewhere = user();
  elsewhere.environment["XDG_CONFIG_HOME"] = "/config";
  EXPECT_EQ(place_of_unit(elsewhere)->file, "/config/systemd/user/alder.service");
  auto nowhere = user();
  nowhere.environment.erase("HOME");
  EXPECT_EQ(place_of_unit(nowhere).failure().kind, error_kind::invalid_input);
}

TEST(UnitFile, StartsAndStopsAndKeepsWhatServicesNeed) {
  const auto text = unit_text("/usr/bin/alder", root());
  for (const auto* line :
       {"ExecStart=\"/usr/bin/alder\" daemon start --resurrect\n", "ExecStop=\"/usr/bin/alder\" daemon stop\n",
        "Environment=\"PATH=/usr/bin:/bin\"\n", "WantedBy=multi-user.target\n", "GuessMainPID=no\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(UnitFile, QuotesWhatSystemdWouldReplace) {
  const auto text = unit_text("/opt/a b/alder", user());
  EXPECT_NE(text.find("Environment=\"ALDER_HOME=/x y/%%h\"\n"), std::string::npos);
  EXPECT_NE(text.find("ExecStart=\"/opt/a b/alder\" daemon"), std::string::npos);
  EXPECT_NE(text.find("WantedBy=default.target\n"), std::string::npos);
}

} // namespace
} // namespace alder::cli
