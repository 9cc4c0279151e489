#include "runtime/config/dependencies.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

namespace alder::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> order_of(const supervisor_spec& spec) {
  std::vector<std::string> names;
  for (const auto& child : spec.children)
    names.push_back(name_of(child));
  return names;
}

std::string child(const std::string& name, const std::string& more = {}) {
  return "  - {service: " + name + ", command: x" + (more.empty() ? "" : ", " + more) + "}\n";
}

TEST(Dependencies, PutAChildBehindThoseItWaitsForAndLeaveTheRestInPlace) {
  const auto root =
      tree_of("start: parallel\nchildren:\n" + child("a") + child("web", "after: [db (ready), migrate (completed)]") +
              child("b") + child("migrate", "task: true, after: db") + child("db"));
  EXPECT_TRUE(root.parallel_start);
  EXPECT_THAT(order_of(root), ElementsAre("a", "db", "migrate", "web", "b"));
  EXPECT_THAT(service_at(root, 3).after, ElementsAre("db", "migrate"));
}

TEST(Dependencies, SupervisorsAndPoolsCanWaitAndBeWaitedFor) {
  const auto root = tree_of("start: parallel\nchildren:\n" + child("web", "instances: 2, after: [back]") +
                            "  - {supervisor: back, after: db, children: []}\n" + child("db"));
  EXPECT_THAT(order_of(root), ElementsAre("db", "back", "web"));
  const auto pool = supervisor_at(root, 2);
  EXPECT_THAT(pool.after, ElementsAre("back"));
  EXPECT_TRUE(pool.parallel_start);
  EXPECT_TRUE(service_at(pool, 0).after.empty());
}

TEST(Dependencies, ACircleIsPrinted) {
  const auto l = load("children:\n" + child("a", "after: c") + child("b", "after: a") + child("c", "after: [b]") +
                      child("d", "after: a"));
  ASSERT_THAT(places(l), ElementsAre("E027 3:37"));
  EXPECT_EQ(l.diagnostics[0].message.substr(l.diagnostics[0].message.find(':') + 2), "a -> c -> b -> a");
}

TEST(Dependencies, OneThatWaitsForItselfIsACircleToo) {
  const auto l = load("children:\n" + child("a", "after: a"));
  ASSERT_THAT(places(l), ElementsAre("E027 2:37"));
  EXPECT_THAT(l.diagnostics[0].message, HasSubstr("a -> a"));
}

TEST(Dependencies, OnlySiblingsCanBeNamed) {
  const auto l = load("children:\n" + child("database") + child("web", "after: databse") +
                      "  - supervisor: s\n    children:\n    - {service: inner, command: x, after: web}\n");
  ASSERT_THAT(places(l), ElementsAre("E026 3:39", "E026 6:43"));
  EXPECT_THAT(l.diagnostics[0].help, ElementsAre("did you mean 'database'?"));
  EXPECT_THAT(l.diagnostics[1].help, ElementsAre("'after' can only name children of the same supervisor"));
}

TEST(Dependencies, OnlyTasksAreCompleted) {
  EXPECT_THAT(places(load("children:\n" + child("db") + child("web", "after: db (completed)"))),
              ElementsAre("E026 3:39"));
  EXPECT_THAT(places(load("children:\n" + child("db") + child("web", "after: db (done)"))), ElementsAre("E012 3:39"));
  EXPECT_THAT(places(load("children:\n" + child("job", "task: true, schedule: { cron: '@daily' }") +
                          child("web", "after: job"))),
              ElementsAre("E021 3:39"));
}

TEST(Dependencies, OfAChildWithMistakesNothingElseIsSaid) {
  EXPECT_THAT(places(load("children:\n  - {service: db}\n" + child("web", "after: db"))), ElementsAre("E015 2:15"));
}

} // namespace
} // namespace alder::config
