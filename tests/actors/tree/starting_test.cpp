// Which children come up with their supervisor: `autostart: false`, and a start that keeps going.
#include "tests/actors/support/virtual_daemon.hpp"

#include "actors/tree/supervisor.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using how = policy::start_result::how;

class Starting : public virtual_daemon {
protected:
  void start_going_on(const supervisor_spec& spec) {
    root = system.spawn<supervisor>(shared, plan_of(spec.name, spec), parent_actor{parent});
    start_order order{1, {cause::kind::request, {}, {}, {}}};
    order.keep_going = true;
    caf::anon_send(root, order);
    run();
  }
};

service_spec on_request(const std::string& name) {
  auto spec = service(name);
  spec.autostart = false;
  return spec;
}

TEST_F(Starting, AServiceWithoutAutostartWaitsForARequest) {
  start(tree("shop", strategy::one_for_one, {service("db"), on_request("debug"), service("web")}));
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch web#1"));
  EXPECT_EQ(heard.starts.at(0).what, how::ok);
  EXPECT_EQ(node("debug").state, node_state::stopped);
  EXPECT_EQ(node("debug").reason, "started only on request (autostart: false)");
  EXPECT_TRUE(call(node_call::op::start, "debug").changed);
  EXPECT_EQ(node("debug").state, node_state::running);
}

TEST_F(Starting, OnceStartedItIsRestartedLikeAnyOther) {
  start(tree("shop", strategy::one_for_one, {on_request("debug")}));
  call(node_call::op::start, "debug");
  end("debug", exit_status::code(1));
  EXPECT_EQ(node("debug").state, node_state::running);
  EXPECT_EQ(node("debug").restarts, 1u);
}

TEST_F(Starting, AGroupRestartTakesItAlongOnlyWhenItWasUp) {
  start(tree("shop", strategy::one_for_all, {service("db"), on_request("debug")}));
  take_log();
  end("db", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("launch db#2"));
  call(node_call::op::start, "debug");
  take_log();
  end("db", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("signal debug#3 15", "launch db#3", "launch debug#4"));
  call(node_call::op::stop, "debug");
  take_log();
  end("db", exit_status::code(1));
  EXPECT_THAT(take_log(), ElementsAre("launch db#4"));
}

TEST_F(Starting, AServiceThatDoesNotStartStaysDownWhenTheStartKeepsGoing) {
  os.refused["web"] = "'/bin/web' does not exist";
  start_going_on(tree("shop", strategy::one_for_one, {service("db"), service("web"), service("mail")}));
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch web#1", "launch mail#1"));
  EXPECT_EQ(heard.starts.at(0).what, how::ok);
  EXPECT_EQ(node("web").state, node_state::failed);
  EXPECT_EQ(node("web").reason, "could not start: '/bin/web' does not exist");
  EXPECT_THAT(sentences(), Contains("web failed to start: '/bin/web' does not exist"));
  os.refused.clear();
  EXPECT_TRUE(call(node_call::op::start, "web").changed);
  EXPECT_EQ(node("web").state, node_state::running);
}

TEST_F(Starting, AlsoWhereItIsNotTheRootsOwnChild) {
  os.refused["cache"] = "no";
  auto spec = tree("shop", strategy::rest_for_one, {service("db")});
  spec.children.emplace_back(std::make_shared<const supervisor_spec>(
      tree("backend", strategy::one_for_all, {service("cache"), service("api")})));
  start_going_on(spec);
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch cache#1", "launch api#1"));
  EXPECT_EQ(node("backend").state, node_state::running);
  EXPECT_EQ(node("cache").state, node_state::failed);
}

TEST_F(Starting, ALaterFailureCountsAsAlways) {
  auto spec = tree("shop", strategy::one_for_one, {service("db")});
  spec.intensity = {1, 10s};
  start_going_on(spec);
  end("db", exit_status::code(1));
  end("db", exit_status::code(1));
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_TRUE(heard.ends[0].reason.gave_up);
}

} // namespace
} // namespace alder::actors::testing
