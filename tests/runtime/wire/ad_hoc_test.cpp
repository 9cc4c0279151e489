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

TEST(AdHoc, BytesThatAreNoTextAreBinary) {
  service_request request;
  request.name = "web";
  request.command = {"sh", "$\xff", "\x01", "\u20ac", "\x80"};
  request.cwd = "/\xfe";
  const auto text = ad_hoc_config(request);
  EXPECT_NE(text.find("!!binary \"JCT/\""), std::string::npos) << text; // two dollars and the byte
  EXPECT_NE(text.find("!!binary \"gA==\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"\u20ac\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"cwd\": !!binary \"L/4=\""), std::string::npos) << text;
}

} // namespace
} // namespace alder::wire
