#include "runtime/wire/keeper_state.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

keeper_state some_state() {
  keeper_state state{.epoch = 3, .started_ms = 1'700'000'000'123, .mark = "12.345", .daemon = "/opt/al der/alderd"};
  state.daemon_arguments = {"--a", ""};
  state.news = "two words\nand 100%";
  state.former_daemon = "/old";
  state.on_trial = true;
  state.file_limit_soft = 1024;
  state.fds = {{"lock", 4}, {"stage.read", 5}};
  held_child runs{.id = "shop/db"_node, .generation = 2, .pid = 77, .started_ms = 5, .note = "1 note"};
  runs.fds = {{"pidfd", 8}, {"out", 9}, {"later", 10}};
  held_child ended{.id = "shop/api:0"_node, .generation = 1, .pid = 78};
  ended.exited = exit_status::signal(9);
  ended.adrift = true;
  state.children = {runs, ended};
  return state;
}

TEST(KeeperState, IsReadAsItWasWritten) {
  const auto read = decode_keeper_state(encode(some_state()));
  ASSERT_TRUE(read) << read.failure().message;
  EXPECT_EQ(*read, some_state());
}

TEST(KeeperState, LinesOfALaterVersionAreIgnored) {
  const auto read =
      decode_keeper_state("alder-keeper-state 1\nepoch 2\nmagic x y z\nword\nchild a/b\npid 3\ncolour red\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->epoch, 2u);
  EXPECT_EQ(read->children.at(0).pid, 3);
}

TEST(KeeperState, WhatIsNotOneIsRefused) {
  for (const auto* text :
       {"", "alder-keeper-state 2\n", "alder-keeper-state 1\nepoch x\n", "alder-keeper-state 1\nfd lock\n",
        "alder-keeper-state 1\nchild a/b\nexited code\n", "alder-keeper-state 1\nchild a\n"})
    EXPECT_EQ(decode_keeper_state(text).failure().kind, error_kind::invalid_input) << text;
}

} // namespace
} // namespace alder::wire
