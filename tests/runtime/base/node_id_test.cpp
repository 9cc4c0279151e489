#include "alder/node_id.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace alder {
namespace {

TEST(NodeId, IsReadAsItWasWritten) {
  for (const auto* text :
       {"shop/db", "shop/api:0", "shop/shop", "/alderd", "shop/db#check", "/shop/db", "/tree shop"}) {
    const auto read = node_id::parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->text(), text);
  }
  EXPECT_EQ(node_id::parse("shop/api:0"), (node_id{"shop", "api:0"}));
  EXPECT_EQ(node_id::parse("/alderd"), (node_id{"", "alderd"}));
  EXPECT_EQ(node_id::parse("/shop/db"), (node_id{"", "shop/db"})) << "the first '/' is behind the tree";
}

TEST(NodeId, AnythingElseIsNone) {
  for (const auto* text : {"", "/", "shop", "shop/", "api:0"})
    EXPECT_FALSE(node_id::parse(text)) << text;
}

TEST(NodeId, ThoseOfATreeAreTogetherAndBeginAlike) {
  const std::map<node_id, int> all{{"a/z"_node, 0}, {"a-b/a"_node, 0}, {"a/a"_node, 0}, {"b/a"_node, 0}};
  std::string order;
  for (const auto& [id, none] : all)
    order += id.text() + " ";
  EXPECT_EQ(order, "a/a a/z a-b/a b/a ");
  EXPECT_EQ("a/z"_node.text().rfind(node_id::prefix("a"), 0), 0u);
  EXPECT_NE("a-b/a"_node.text().rfind(node_id::prefix("a"), 0), 0u);
}

TEST(NodeId, KnowsTheRootOfItsTreeAndItsPool) {
  EXPECT_EQ("shop/api:0"_node.root(), "shop/shop"_node);
  EXPECT_EQ("shop/api:0"_node.pool(), "shop/api"_node);
  EXPECT_EQ("shop/db"_node.pool(), "shop/db"_node);
}

TEST(NodeId, IsCalledByItsNameOrItsPoolsWithTheTreeOrWithout) {
  const auto instance = "shop/api:0"_node;
  for (const auto* words : {"shop/api:0", "api:0", "shop/api", "api"})
    EXPECT_TRUE(instance.is_called(words)) << words;
  for (const auto* words : {"", "shop", "shop/", "ap", "api:", "api:1", "other/api", "other/api:0", "/api", "*"})
    EXPECT_FALSE(instance.is_called(words)) << words;
  EXPECT_FALSE("shop/apis"_node.is_called("api"));
}

TEST(NodeId, APatternMatchesWhatItIsCalled) {
  const auto instance = "shop/api:0"_node;
  for (const auto* pattern : {"*", "api", "api:*", "shop/*", "*/api", "sh*:0", "ap[hi]", "api:?"})
    EXPECT_TRUE(instance.matches(pattern)) << pattern;
  for (const auto* pattern : {"", "shop", "api:1", "*/db", "[", "API", "other/*", "api?"})
    EXPECT_FALSE(instance.matches(pattern)) << pattern;
}

TEST(NodeId, AnInstanceIsOfAPool) {
  EXPECT_EQ(instance_name("api", 12), "api:12");
  EXPECT_EQ(pool_of("api:12"), "api");
  EXPECT_EQ(instance_of("api:12"), 12u);
  EXPECT_EQ(pool_of("api"), "api");
  for (const auto* name : {"", "api", "api:", "api:x", "api:1x", "api:-1", "api:99999999999999"})
    EXPECT_FALSE(instance_of(name)) << name;
}

} // namespace
} // namespace alder
