#include "actors/host/conversations.hpp"

#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Conversations : public host_bed {
protected:
  conversations talks{loop, table, members, channel, [this](const process_id& id) { changed.push_back(id); }};
  std::vector<process_id> changed;
};

TEST_F(Conversations, WhatIsSaidWhileNobodyLooksAfterAProcessWaitsForItsNextOwner) {
  auto& process = run(web, 77);
  process.owner = nullptr;
  talks.hear(web, wire::said_status{"first"});
  talks.hear({"shop/gone"_node, 1}, wire::said_status{"nobody"});
  EXPECT_THAT(owner->take(), IsEmpty());
  process.owner = owner;
  talks.tell_unheard(process);
  EXPECT_THAT(owner->take(), ElementsAre("said something"));
  talks.tell_unheard(process);
  EXPECT_THAT(owner->take(), IsEmpty()) << "once";
}

TEST_F(Conversations, AMemberCanBecomeTheMainProcess) {
  const living_process main;
  const living_process other;
  run(web, main.pid());
  talks.hear(web, wire::said_main_process{other.pid()});
  EXPECT_EQ(table.find(web)->pid, main.pid()) << "a stranger cannot";
  run({"shop/web"_node, 2}, other.pid()); // belongs to another process of the node
  talks.hear(web, wire::said_main_process{other.pid()});
  EXPECT_EQ(table.find(web)->pid, main.pid());
  EXPECT_THAT(changed, IsEmpty());
  members.set_main(web, other.pid()); // now it belongs to this one
  talks.hear(web, wire::said_main_process{other.pid()});
  EXPECT_EQ(table.find(web)->pid, other.pid());
  EXPECT_THAT(changed, ElementsAre(web));
  const auto told = keeper.heard();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(std::get<wire::main_frame>(told.back()).pid, other.pid());
}

TEST_F(Conversations, ThereIsNothingToSayToWhoDoesNotRunOrListen) {
  EXPECT_EQ(talks.send_input("shop/web"_node, "x").failure().kind, error_kind::not_found);
  EXPECT_EQ(talks.send_message(web, "{}").failure().kind, error_kind::not_found);
  run(web, 77);
  EXPECT_EQ(talks.send_input("shop/web"_node, "x").failure().kind, error_kind::invalid_input);
  EXPECT_EQ(talks.send_message("shop/web"_node, "{}").failure().kind, error_kind::invalid_input);
}

} // namespace
} // namespace alder::actors::testing
