#include "runtime/wire/node_pieces.hpp"

#include "tests/runtime/wire/examples.hpp"
#include "tests/support/json_pieces.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;
using test::whole;

node_snapshot supervisor_named(std::string name, std::string parent, std::vector<std::string> children) {
  auto node = service_named(std::move(name), std::move(parent));
  node.what = node_snapshot::kind::supervisor;
  node.pid = 0;
  node.strategy = strategy::rest_for_one;
  node.intensity = {5, 30s};
  node.children = std::move(children);
  return node;
}

TEST(NodePieces, ASupervisorShowsItsBudgetAndNestsItsChildren) {
  auto root = supervisor_named("shop", "", {"db", "gone", "api"});
  root.restarts_used = 4;
  root.oldest_expires = 12000ms;
  const auto db = service_named("db", "shop");
  auto pool = supervisor_named("api", "shop", {});
  pool.pool = true;
  pool.restarts_used = 9; // more than allowed: it just gave up
  const node_lookup find = [&](const std::string& name) -> const node_snapshot* {
    if (name == "db") return &db;
    return name == "api" ? &pool : nullptr;
  };
  const auto text = whole(trees_pieces({{&root, find}}, nullptr));
  EXPECT_NE(
      text.find(R"("strategy":"rest_for_one","pool":false,"intensity":{"max":5,"window_ms":30000,"used":4,"left":1,)"
                R"("oldest_expires_ms":12000},"generation":3,"children":[{"type":"service","tree":"shop","name":"db")"),
      std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          R"("pool":true,"intensity":{"max":5,"window_ms":30000,"used":9,"left":0},"generation":3,"children":[]}]}]})"),
      std::string::npos)
      << text;
}

TEST(NodePieces, WhatItsSupervisorDoesNotStartSaysWhoDoes) {
  auto node = service_named("job", "shop");
  const auto text_with = [&](const service_spec& spec) {
    node.service = std::make_shared<const service_spec>(spec);
    return node_json(node);
  };
  service_spec spec;
  EXPECT_EQ(text_with(spec).find("started_by"), std::string::npos);
  spec.autostart = false;
  EXPECT_NE(text_with(spec).find(R"("started_by":"request")"), std::string::npos);
  spec.task = true;
  spec.schedule.cron.emplace();
  EXPECT_NE(text_with(spec).find(R"("started_by":"schedule")"), std::string::npos);
  node.next_run = moment;
  EXPECT_NE(text_with(spec).find("next_run"), std::string::npos);
  node.state = node_state::stopped;
  node.settled = true; // by hand: its schedule does not start it
  EXPECT_NE(text_with(spec).find(R"("started_by":"request")"), std::string::npos);
  EXPECT_EQ(text_with(spec).find("next_run"), std::string::npos);
}

TEST(NodePieces, ALoopInTheTreeEnds) {
  const auto root = supervisor_named("shop", "", {"shop"});
  const auto text = whole(trees_pieces({{&root, [&](const std::string&) { return &root; }}}, nullptr));
  EXPECT_LT(text.size(), 64U * 400U);
}

TEST(NodePieces, AnswersCarryTheSchema) {
  const auto db = service_named("db", "");
  const nested_tree tree{&db, [](const std::string&) -> const node_snapshot* { return nullptr; }};
  EXPECT_EQ(whole(trees_pieces({}, nullptr)), R"({"schema":1,"trees":[]})");
  EXPECT_EQ(whole(trees_pieces({tree, tree}, &tree)),
            R"({"schema":1,"trees":[)" + node_json(db) + "," + node_json(db) + R"(],"daemon":)" + node_json(db) + "}");
  EXPECT_EQ(whole(services_pieces({})), R"({"schema":1,"services":[]})");
  EXPECT_EQ(whole(services_pieces({&db, &db})),
            R"({"schema":1,"services":[)" + node_json(db) + "," + node_json(db) + "]}");
  EXPECT_EQ(whole(services_pieces({&db}, {"a \"b\"", "c"})),
            R"({"schema":1,"services":[)" + node_json(db) + R"(],"notices":["a \"b\"","c"]})");
  const auto list = read_services(whole(services_pieces({&db}, {"a \"b\"", "c"})));
  ASSERT_TRUE(list) << list.failure().message;
  EXPECT_EQ(list->services.size(), 1U);
  EXPECT_EQ(list->notices, (std::vector<std::string>{"a \"b\"", "c"}));
}

TEST(NodePieces, EveryPieceIsOfOneNode) {
  const auto db = service_named("db", "shop");
  const std::vector<const node_snapshot*> many(100, &db);
  EXPECT_EQ(services_pieces(many).size(), 101U);
  const auto root = supervisor_named("shop", "", std::vector<std::string>(100, "db"));
  const auto pieces = trees_pieces({{&root, [&](const std::string&) { return &db; }}}, nullptr);
  EXPECT_EQ(pieces.size(), 102U);
  for (const auto& piece : pieces)
    EXPECT_LT(text_of(piece).size(), 1000U);
}

} // namespace
} // namespace alder::wire
