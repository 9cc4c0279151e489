#include "runtime/policy/still_down.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using state = node_state;

class StillDown : public ::testing::Test {
protected:
  void supervisor(const std::string& name, const std::string& parent, state now = state::running, bool pool = false) {
    node_snapshot node;
    node.name = name;
    node.parent = parent;
    node.what = node_snapshot::kind::supervisor;
    node.state = now;
    node.pool = pool;
    nodes.push_back(std::make_shared<const node_snapshot>(node));
  }
  void service(const std::string& name, const std::string& parent, state now, bool autostart = true) {
    node_snapshot node;
    node.name = name;
    node.parent = parent;
    node.state = now;
    auto spec = std::make_shared<service_spec>();
    spec->autostart = autostart;
    node.service = spec;
    nodes.push_back(std::make_shared<const node_snapshot>(node));
  }
  std::vector<std::shared_ptr<const node_snapshot>> nodes;
};

TEST_F(StillDown, ThoseThatWereStoppedOrHaveFailed) {
  supervisor("shop", "");
  service("db", "shop", state::running);
  service("web", "shop", state::stopped);
  service("mail", "shop", state::failed);
  service("slow", "shop", state::starting);
  service("again", "shop", state::backoff);
  service("migrate", "shop", state::finished);
  EXPECT_THAT(still_down(nodes, "shop"), ElementsAre("web", "mail"));
}

TEST_F(StillDown, OnlyBelowTheSupervisorThatIsNamed) {
  supervisor("shop", "");
  service("web", "shop", state::stopped);
  supervisor("back", "shop");
  service("db", "back", state::stopped);
  EXPECT_THAT(still_down(nodes, "back"), ElementsAre("db"));
  EXPECT_THAT(still_down(nodes, "shop"), ElementsAre("web", "db"));
  EXPECT_THAT(still_down(nodes, "web"), IsEmpty());
}

TEST_F(StillDown, ASupervisorThatIsDownStartsWhatIsBelowItself) {
  supervisor("shop", "");
  supervisor("back", "shop", state::failed);
  service("db", "back", state::stopped);
  EXPECT_THAT(still_down(nodes, "shop"), ElementsAre("back"));
}

TEST_F(StillDown, WhatIsStartedByItsNameOnlyIsLeftAlone) {
  supervisor("shop", "");
  service("tools", "shop", state::stopped, /*autostart=*/false);
  supervisor("api", "shop", state::running, /*pool=*/true);
  service("api:0", "api", state::stopped, /*autostart=*/false);
  service("api:1", "api", state::running, /*autostart=*/false);
  service("api:2", "api", state::failed, /*autostart=*/false);
  EXPECT_THAT(still_down(nodes, "shop"), IsEmpty());
  EXPECT_THAT(still_down(nodes, "api"), ElementsAre("api:0", "api:2")) << "the name of a pool is that of its instances";
}

} // namespace
} // namespace alder::policy
