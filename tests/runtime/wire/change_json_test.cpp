#include "runtime/wire/change_json.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

TEST(ChangesJson, IsReadBackAsItWasWritten) {
  const difference found{"shop",
                         "running",
                         "needs --restart-changed",
                         {{"changed", "web", "shop", {"command"}, true, "next_start", {{"PATH", "changed"}}},
                          {"added", "x", "", {}, false, "", {}}}};
  const auto text = changes_json(found);
  EXPECT_EQ(text, R"({"schema":1,"tree":"shop","state":"running","changes":[{"what":"changed","name":"web",)"
                  R"("parent":"shop","details":["command"],"variables":[{"name":"PATH","what":"changed"}],)"
                  R"("needs_restart":true,"then":"next_start"},{"what":"added","name":"x"}],)"
                  R"("refused":"needs --restart-changed"})");
  const auto back = read_changes(text);
  ASSERT_TRUE(back) << back.failure().message;
  EXPECT_EQ(changes_json(*back), text);
  EXPECT_EQ(back->changes.at(0).variables.at(0).name, "PATH");
}

TEST(ChildrenJson, CountsAsOtpDoes) {
  const std::vector<child_entry> children{{"db", "worker", "running", "permanent", false, true},
                                          {"api", "supervisor", "stopped", "transient", true, false}};
  EXPECT_EQ(children_json(children, false),
            R"({"schema":1,"children":[{"id":"db","type":"worker","state":"running","restart":"permanent",)"
            R"("significant":false},{"id":"api","type":"supervisor","state":"stopped","restart":"transient",)"
            R"("significant":true}],"count":{"specs":2,"active":1,"supervisors":1,"workers":1}})");
  EXPECT_NE(children_json(children, true).find(R"("count":{"specs":1,)"), std::string::npos);
}

} // namespace
} // namespace alder::wire
