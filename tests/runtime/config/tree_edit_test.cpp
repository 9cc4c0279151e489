#include "runtime/config/tree_edit.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace alder::config {
namespace {

using kind = tree_change::kind;

service_spec service(const std::string& name, const std::string& command = "run") {
  service_spec spec;
  spec.name = name;
  spec.command = {command};
  return spec;
}

supervisor_spec supervisor(const std::string& name, std::vector<child_spec> children) {
  supervisor_spec spec;
  spec.name = name;
  spec.children = std::move(children);
  return spec;
}

child_spec nested(const std::string& name, std::vector<child_spec> children, bool pool = false) {
  auto spec = supervisor(name, std::move(children));
  spec.pool = pool;
  return std::make_shared<const supervisor_spec>(std::move(spec));
}

TEST(TreeEdit, AddsAndTakesAwayAnywhere) {
  const auto root = supervisor("shop", {service("db"), nested("back", {service("api")})});
  const auto more = with_child(root, "back", service("new"));
  ASSERT_NE(find_child(more, "new"), nullptr);
  EXPECT_EQ(find_child(root, "new"), nullptr) << "the original is what it was";
  EXPECT_EQ(find_child(without(more, "back"), "api"), nullptr);
  EXPECT_EQ(find_child(with_child(root, "nobody", service("new")), "new"), nullptr);
}

TEST(Difference, OfEqualTreesIsNothing) {
  const auto root = supervisor("shop", {service("db"), nested("back", {service("api")})});
  EXPECT_TRUE(difference(root, root).empty());
}

TEST(Difference, NamesWhatCameWhatWentAndWhatChanged) {
  const auto before = supervisor("shop", {service("db"), service("old"), nested("back", {service("api")})});
  auto after = supervisor("shop", {service("db", "other"), nested("back", {service("api"), service("new")})});
  after.strategy = strategy::rest_for_one;
  EXPECT_EQ(difference(before, after), (std::vector<tree_change>{{kind::rules, "shop", {}, {"strategy"}, false},
                                                                 {kind::removed, "old", "shop", {}, false},
                                                                 {kind::changed, "db", "shop", {"command"}, true},
                                                                 {kind::added, "new", "back", {}, false}}));
}

TEST(Difference, HowAServiceIsLookedAfterCountsAtOnce) {
  auto changed = service("db");
  changed.restart = restart_kind::transient;
  changed.stop.signal = 2;
  EXPECT_EQ(difference(supervisor("shop", {service("db")}), supervisor("shop", {changed})),
            (std::vector<tree_change>{{kind::changed, "db", "shop", {"stop", "restart"}, false}}));
}

TEST(Difference, ANodeOfAnotherKindOrPlaceIsReplaced) {
  const auto before = supervisor("shop", {service("api"), nested("back", {service("db")})});
  const auto after = supervisor("shop", {nested("api", {service("api:0")}, /*pool=*/true), service("db")});
  const auto changes = difference(before, after);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0], (tree_change{kind::removed, "back", "shop", {}, false}));
  EXPECT_EQ(changes[1], (tree_change{kind::replaced, "api", "shop", {"kind"}, true}));
  EXPECT_EQ(changes[2], (tree_change{kind::replaced, "db", "shop", {"supervisor"}, true}));
}

TEST(Difference, AnotherOrderIsAChangeOfTheirSupervisor) {
  EXPECT_EQ(
      difference(supervisor("shop", {service("a"), service("b")}), supervisor("shop", {service("b"), service("a")})),
      (std::vector<tree_change>{{kind::order, "shop", {}, {}, false}}));
}

TEST(Difference, EachKindHasItsWord) {
  EXPECT_EQ(word(kind::added), "added");
  EXPECT_EQ(word(kind::order), "order");
}

} // namespace
} // namespace alder::config
