#include "cli/common/answers.hpp"

#include "tests/cli/screen_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace alder::cli {
namespace {

TEST(Answers, AServiceIsReadWithAllItHas) {
  const auto list = read_services(test::services_json);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->services.size(), 5U);
  const auto& api = list->services.at(2);
  EXPECT_EQ(api.name, "api:1");
  EXPECT_EQ(api.state, "backoff");
  EXPECT_EQ(api.pid, 0);
  ASSERT_TRUE(api.last_exit);
  EXPECT_EQ(api.last_exit->signal, "SIGSEGV");
  EXPECT_FALSE(api.last_exit->code);
  ASSERT_TRUE(api.next_attempt);
  EXPECT_EQ(*api.next_attempt - test::now(), milliseconds{3200});
}

TEST(Answers, ATreeIsReadWithItsBudgets) {
  const auto trees = read_tree(test::tree_json);
  ASSERT_TRUE(trees.ok());
  const auto& backend = trees->trees.at(0).children.at(1);
  ASSERT_TRUE(backend.intensity);
  EXPECT_EQ(backend.intensity->used, 5U);
  EXPECT_EQ(backend.intensity->oldest_expires, milliseconds{12000});
  EXPECT_EQ(backend.children.size(), 3U);
}

TEST(Answers, WhatIsMissingOrOfAnotherTypeIsEmpty) {
  const auto node = read_node(
      R"({"name":"a","pid":"12","restarts":-3,"since":"yesterday","children":{},"last_exit":7,"intensity":{"max":99999999999}})");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->pid, 0);
  EXPECT_EQ(node->restarts, 0U);
  EXPECT_FALSE(node->since);
  EXPECT_FALSE(node->last_exit);
  EXPECT_EQ(node->intensity->max, 0U);
}

TEST(Answers, NoJsonIsAnErrorAndNotACrash) {
  for (const auto* text : {"", "{", "[]", "null", "<html>", "{\"services\":[{]}", "\xff\xfe"}) {
    EXPECT_FALSE(read_services(text).ok()) << text;
    EXPECT_FALSE(read_tree(text).ok()) << text;
    EXPECT_FALSE(read_node(text).ok()) << text;
    EXPECT_FALSE(read_event_item(text).ok()) << text;
  }
}

TEST(Answers, NodesNestedTooDeeplyAreRefused) {
  std::string text = "{\"name\":\"a\"}";
  for (unsigned depth = 0; depth <= wire::deepest_node; ++depth)
    text = "{\"name\":\"a\",\"children\":[" + text + "]}";
  EXPECT_FALSE(read_node(text).ok());
}

TEST(Answers, WhatCommandsPrintThemselvesIsOneObject) {
  EXPECT_EQ(complaint_json("it is \"wrong\"", {"look"}, 2),
            R"({"schema":1,"error":{"message":"it is \"wrong\"","help":["look"],"exit_code":2}})");
  EXPECT_EQ(strings_json({{"socket", "/s"}, {"log", "\xff"}}), "{\"schema\":1,\"socket\":\"/s\",\"log\":\"\uFFFD\"}");
}

} // namespace
} // namespace alder::cli
