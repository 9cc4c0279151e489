#include "runtime/wire/keeper_protocol.hpp"

#include "tests/support/node_literal.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <random>

namespace alder::wire {
namespace {

spawn_frame full_spawn() {
  return {.id = "shop/api:0"_node,
          .generation = 7,
          .program = "/usr/bin/node",
          .start = {.command = {"node", "", "server.js"},
                    .environment = {{"PATH", "/bin"}, {"EMPTY", ""}},
                    .cwd = "/srv",
                    .stdin_file = "/srv/in",
                    .umask = 027,
                    .attributes = {.who = identity{33, 34, {4, 5}, "www-data"},
                                   .nice = -5,
                                   .io_priority = io_priority_of(3, 0),
                                   .oom_score_adj = 500,
                                   .limits = {{7, 1024, resource_limit::unlimited}},
                                   .cpus = {0, 3},
                                   .no_new_privileges = true,
                                   .private_tmp = true,
                                   .read_only_paths = {"/usr", "/etc"}}},
          .capture = false,
          .note = std::string("a\0b", 3),
          .cgroup = "/sys/fs/cgroup/a b",
          .channels = {.input = true, .ipc = 3, .ready = 4, .notify = "x"}};
}

std::vector<to_keeper> frames_to_keeper() {
  return {hello_frame{.pid = 42},
          ready_frame{},
          failed_frame{"no"},
          full_spawn(),
          note_frame{"a/b"_node, 2, "text"},
          acknowledge_frame{"a/b"_node, 3},
          shutdown_frame{},
          pong_frame{},
          adopt_frame{"a/b"_node, 2, 77, "note", 5, exit_status::code(3), {"pidfd", "out", "listen:http"}},
          upgrade_frame{"/a/keeper", "/a/daemon"},
          main_frame{"a/b"_node, 2, 4711, 1ULL << 40}};
}

std::vector<to_daemon> frames_to_daemon() {
  return {welcome_frame{.epoch = 3,
                        .keeper_pid = 9,
                        .keeper_start_ticks = 1ULL << 40,
                        .keeper_started_ms = -5,
                        .mark = "1.2",
                        .news = "it hung"},
          child_frame{
              "a/b"_node, 4, 77, "note", 123456789012, exit_status::signal(SIGSEGV), {"pidfd", "out"}, /*adrift=*/true},
          child_frame{"a/b"_node, 4, 77, "", 1, std::nullopt},
          inventory_end_frame{},
          starting_frame{"a/b"_node, 1, {"out"}},
          spawned_frame{"a/b"_node, 1, 5, 6, {"pidfd"}},
          spawn_failed_frame{"a/b"_node, 1, spawn_stage::directory, 2},
          exited_frame{"a/b"_node, 1, 5, exit_status::code(255), true, {}},
          exited_frame{"a/b"_node, 1, 5, exit_status::signal(9), false, std::vector<std::uint32_t>{}},
          exited_frame{"a/b"_node, 1, 5, exit_status::code(0), false, std::vector<std::uint32_t>{7, 4194304}},
          reaped_frame{12},
          stop_requested_frame{SIGTERM},
          ping_frame{}};
}

TEST(KeeperProtocol, the_number_of_a_marker_is_a_limit_that_nobody_sets) {
  EXPECT_NE(member_number("1.2/t/a/3"), member_number("1.2/t/a/4"));
  for (const auto* marker : {"", "1.2/t/a/3", "1.2/t/b/3"}) {
    EXPECT_GE(member_number(marker), std::uint64_t{1} << 61U);
    EXPECT_LT(member_number(marker), std::uint64_t{1} << 62U);
  }
}

TEST(KeeperProtocol, reads_back_every_frame_to_the_keeper) {
  for (const auto& frame : frames_to_keeper()) {
    const auto read = decode_to_keeper(encode(frame));
    ASSERT_TRUE(read.ok()) << read.failure().message;
    EXPECT_EQ(*read, frame);
  }
}

TEST(KeeperProtocol, reads_back_every_frame_to_the_daemon) {
  for (const auto& frame : frames_to_daemon()) {
    const auto read = decode_to_daemon(encode(frame));
    ASSERT_TRUE(read.ok()) << read.failure().message;
    EXPECT_EQ(*read, frame);
  }
}

TEST(KeeperProtocol, refuses_a_frame_cut_short_anywhere) {
  for (const auto& frame : frames_to_keeper()) {
    const auto bytes = encode(frame);
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(decode_to_keeper(std::string_view{bytes}.substr(0, length)).ok()) << frame.index() << ' ' << length;
  }
}

TEST(KeeperProtocol, refuses_bytes_left_over) {
  for (const auto& frame : frames_to_daemon())
    EXPECT_FALSE(decode_to_daemon(encode(frame) + "x").ok());
}

TEST(KeeperProtocol, refuses_unknown_kinds) {
  EXPECT_FALSE(decode_to_keeper(std::string(1, '\0')).ok());
  EXPECT_FALSE(decode_to_keeper("\x20").ok());
  EXPECT_FALSE(decode_to_daemon("\x20").ok());
}

TEST(KeeperProtocol, refuses_values_out_of_range) {
  auto bytes = encode(to_daemon{spawn_failed_frame{"a/b"_node, 1, spawn_stage::program, 2}});
  const std::size_t stage = 1 + 4 + 3 + 4;
  ASSERT_TRUE(decode_to_daemon(bytes).ok());
  ++bytes[stage];
  EXPECT_FALSE(decode_to_daemon(bytes).ok());
  auto exit = encode(to_daemon{exited_frame{"a/b"_node, 1, 5, exit_status::code(0), true}});
  exit.back() = 2;
  EXPECT_FALSE(decode_to_daemon(exit).ok());
}

TEST(KeeperProtocol, refuses_what_is_called_like_no_node) {
  auto bytes = encode(to_daemon{starting_frame{"a/b"_node, 1, {}}});
  const std::size_t slash = 1 + 4 + 1;
  ASSERT_EQ(bytes[slash], '/');
  bytes[slash] = '-';
  EXPECT_FALSE(decode_to_daemon(bytes).ok());
  EXPECT_FALSE(decode_to_daemon(encode(to_daemon{starting_frame{{"a", ""}, 1, {}}})).ok());
}

TEST(KeeperProtocol, refuses_a_list_longer_than_its_frame_without_reserving_for_it) {
  auto bytes = encode(to_keeper{spawn_frame{.id = "a/b"_node}});
  const std::size_t command_count = 1 + 4 + 3 + 4 + 4 + 1 + 4 + 4;
  ASSERT_TRUE(decode_to_keeper(bytes).ok());
  for (std::size_t i = 0; i < 4; ++i)
    bytes[command_count + i] = '\xff';
  EXPECT_FALSE(decode_to_keeper(bytes).ok());
}

TEST(KeeperProtocol, refuses_more_than_192_kib) {
  failed_frame frame{std::string(max_keeper_frame - 5, 'x')};
  EXPECT_TRUE(decode_to_keeper(encode(to_keeper{frame})).ok());
  frame.text += 'x';
  EXPECT_FALSE(decode_to_keeper(encode(to_keeper{frame})).ok());
}

TEST(KeeperProtocol, what_decodes_encodes_to_the_same_bytes) {
  std::mt19937 random{1};
  std::size_t accepted = 0;
  for (int round = 0; round < 200; ++round)
    for (const auto& frame : frames_to_keeper()) {
      auto bytes = encode(frame);
      bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto read = decode_to_keeper(bytes);
      if (!read) continue;
      ++accepted;
      EXPECT_EQ(encode(*read), bytes);
    }
  EXPECT_GT(accepted, 0U);
}

TEST(KeeperProtocol, stages_read_well_in_a_sentence) {
  const auto request = full_spawn();
  EXPECT_EQ(stage_text(spawn_stage::directory, request), "chdir /srv");
  EXPECT_EQ(stage_text(spawn_stage::program, request), "exec /usr/bin/node");
  EXPECT_EQ(stage_text(spawn_stage::stdin_file, request), "open /srv/in for stdin");
}

} // namespace
} // namespace alder::wire
