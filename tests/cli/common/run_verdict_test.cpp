#include "cli/common/run_verdict.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alder::cli {
namespace {

node_view service(const std::string& state) {
  node_view node;
  node.type = "service";
  node.name = "job";
  node.state = state;
  return node;
}

node_view finished(std::optional<int> code, const std::string& signal = {}) {
  auto node = service("finished");
  node.last_exit = exit_view{.text = "x", .code = code, .signal = signal, .at = {}};
  return node;
}

node_view tree(const std::string& state, std::vector<node_view> children) {
  node_view root;
  root.type = "supervisor";
  root.name = "shop";
  root.state = state;
  root.children = std::move(children);
  return root;
}

TEST(RunVerdict, ATreeWithSomethingToDoIsNotOver) {
  for (const auto* state : {"running", "starting", "stopping", "backoff"})
    EXPECT_FALSE(verdict(tree("running", {finished(0), service(state)}))) << state;
  EXPECT_FALSE(verdict(tree("starting", {service("stopped")})));
}

TEST(RunVerdict, AFailedTreeFailsTheRunWithItsReason) {
  auto root = tree("failed", {service("stopped")});
  root.reason = "gave up: 4 restarts within 5s";
  const auto over = verdict(root);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->code, exit_code::failed);
  EXPECT_EQ(over->reason, "shop: gave up: 4 restarts within 5s");
}

TEST(RunVerdict, AStoppedTreeIsASuccess) { EXPECT_EQ(verdict(tree("stopped", {finished(1)}))->code, exit_code::ok); }

TEST(RunVerdict, ATreeWhoseServicesFinishedCleanlyIsASuccess) {
  EXPECT_EQ(verdict(tree("running", {finished(0), finished({}, "SIGTERM"), service("stopped")}))->code, exit_code::ok);
}

TEST(RunVerdict, OneAbnormalEndOfSeveralFailsTheRun) {
  EXPECT_EQ(verdict(tree("running", {finished(0), finished(3)}))->code, exit_code::failed);
  EXPECT_EQ(verdict(tree("running", {finished(0), finished({}, "SIGSEGV")}))->code, exit_code::failed);
  EXPECT_EQ(verdict(tree("finished", {finished(0), finished(3)}))->code, exit_code::failed);
}

TEST(RunVerdict, ServicesOfInnerSupervisorsCount) {
  EXPECT_FALSE(verdict(tree("running", {tree("running", {service("running")}), finished(0)})));
  EXPECT_EQ(verdict(tree("running", {tree("running", {finished(3)}), finished(0)}))->code, exit_code::failed);
}

TEST(RunVerdict, TheCodeOfTheOnlyServiceIsThatOfTheRun) {
  EXPECT_EQ(static_cast<int>(verdict(tree("running", {finished(3)}))->code), 3);
  EXPECT_EQ(static_cast<int>(verdict(tree("running", {finished({}, "SIGSEGV")}))->code), 139);
  EXPECT_EQ(verdict(tree("running", {finished(0)}))->code, exit_code::ok);
}

TEST(RunVerdict, AlsoWhenItsSupervisorGaveUp) {
  auto stopped = finished(3);
  stopped.state = "stopped";
  EXPECT_EQ(static_cast<int>(verdict(tree("failed", {stopped}))->code), 3);
  EXPECT_EQ(verdict(tree("failed", {service("stopped")}))->code, exit_code::failed); // it never ran
}

TEST(RunVerdict, ANamedServiceEndsTheRunWithItsCode) {
  auto tests = finished(4);
  tests.name = "tests";
  EXPECT_EQ(static_cast<int>(verdict(tree("running", {service("running"), tests}), "tests")->code), 4);
  tests = finished(0);
  tests.name = "tests";
  EXPECT_EQ(verdict(tree("running", {service("running"), tests}), "tests")->code, exit_code::ok);
  EXPECT_FALSE(verdict(tree("running", {finished(3), service("running"), service("running")}), "tests"));
}

} // namespace
} // namespace alder::cli
