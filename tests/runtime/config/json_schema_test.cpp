#include "runtime/config/load_tree.hpp"
#include "runtime/config/schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace alder::config {
namespace {

using json = nlohmann::json;

json keys_of(place p) {
  const auto schema = json::parse(json_schema());
  if (p == place::root) return schema.at("properties");
  return schema.at("$defs").at(p == place::service ? "service" : "supervisor").at("properties");
}

TEST(JsonSchema, DescribesEveryKeyOfEveryPlace) {
  for (const auto p : {place::root, place::supervisor, place::service}) {
    const auto described = keys_of(p);
    EXPECT_EQ(described.size(), key_names(p).size());
    for (const auto& name : key_names(p))
      EXPECT_TRUE(described.contains(name)) << name;
  }
  const auto service = keys_of(place::service);
  for (const auto p : {place::ready, place::stop, place::backoff, place::intensity}) {
    const auto group = std::string{phrase(p)}.substr(1, phrase(p).size() - 2);
    const auto& described = service.at(group);
    const auto& mapping = described.contains("anyOf") ? described.at("anyOf").at(0) : described; // or a word
    for (const auto& name : key_names(p))
      EXPECT_TRUE(mapping.at("properties").contains(name)) << group << "." << name;
  }
}

TEST(JsonSchema, RefusesUnknownKeysAndListsWords) {
  const auto schema = json::parse(json_schema());
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_EQ(schema.at("required"), json::array({"children"}));
  EXPECT_EQ(keys_of(place::root).at("strategy").at("anyOf").at(0).at("enum"),
            json::array({"one_for_one", "one_for_all", "rest_for_one"}));
  EXPECT_EQ(keys_of(place::service).at("log").at("properties").at("compress").at("anyOf").at(0).at("enum"),
            json::array({"true", "false", "gzip", "zstd", true, false}));
  EXPECT_EQ(schema.at("$defs").at("service").at("required"), json::array({"service", "command"}));
}

TEST(JsonSchema, RefersOnlyToWhatIsThere) {
  const auto schema = json::parse(json_schema());
  for (const auto& choice : schema.at("$defs").at("child").at("oneOf")) {
    const auto target = choice.at("$ref").get<std::string>();
    EXPECT_TRUE(schema.contains(json::json_pointer(target.substr(1)))) << target;
  }
  EXPECT_EQ(keys_of(place::root).at("children").at("items").at("$ref"), "#/$defs/child");
}

} // namespace
} // namespace alder::config
