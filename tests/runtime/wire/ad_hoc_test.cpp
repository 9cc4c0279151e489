#include "runtime/wire/ad_hoc.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace alder::wire {
namespace {

TEST(AdHoc, MakesATreeOfItsOwnAroundTheCommand) {
  service_request request;
  request.name = "web";
  request.command = {"node", "server.js"};
  request.cwd = "/srv";
  request.restart = restart_kind::transient;
  const auto tree = nlohmann::json::parse(ad_hoc_config(request));
  EXPECT_EQ(tree["name"], "adhoc.web");
  EXPECT_EQ(tree["children"][0]["service"], "web");
  EXPECT_EQ(tree["children"][0]["command"], (nlohmann::json{"node", "server.js"}));
  EXPECT_EQ(tree["children"][0]["restart"], "transient");
}

TEST(AdHoc, LeavesNothingInTheCommandToBeReplaced) {
  service_request request;
  request.name = "web";
  request.command = {"sh", "-c", "echo ${HOME} $$"};
  request.cwd = "/srv/$x";
  const auto tree = nlohmann::json::parse(ad_hoc_config(request));
  EXPECT_EQ(tree["children"][0]["command"][2], "echo $${HOME} $$$$");
  EXPECT_EQ(tree["children"][0]["cwd"], "/srv/$$x");
}

} // namespace
} // namespace alder::wire
