#include "runtime/keeper/client.hpp"

#include "tests/support/keeper_bed.hpp"
#include "tests/support/node_literal.hpp"

namespace alder::test {
namespace {

/// The test plays the keeper at the other end of the channel.
struct Client : ::testing::Test {
  unique_fd keeper_end;
  unique_fd daemon_end;

  void SetUp() override {
    auto pair = os::record_pair(wire::max_keeper_frame);
    ASSERT_TRUE(pair.ok());
    keeper_end = std::move(pair->first);
    daemon_end = std::move(pair->second);
  }

  void say(const wire::to_daemon& frame, std::span<const int> fds = {}) {
    ASSERT_EQ(os::send_record(keeper_end.get(), wire::encode(frame), fds), os::transfer::done);
  }

  void welcome() {
    say(wire::welcome_frame{.epoch = 1, .keeper_pid = 7, .keeper_start_ticks = 8, .mark = "7.8"});
    say(wire::inventory_end_frame{});
  }

  std::optional<wire::to_keeper> next() {
    os::record got;
    if (os::receive_record(keeper_end.get(), wire::max_keeper_frame, got) != os::transfer::done) return std::nullopt;
    auto frame = wire::decode_to_keeper(got.bytes);
    return frame.ok() ? std::optional{*frame} : std::nullopt;
  }

  std::vector<wire::spawn_frame> spawns() {
    std::vector<wire::spawn_frame> all;
    while (const auto frame = next())
      if (const auto* spawn = std::get_if<wire::spawn_frame>(&*frame)) all.push_back(*spawn);
    return all;
  }
};

TEST_F(Client, says_hello_first) {
  welcome();
  const listener heard{std::move(daemon_end)};
  const auto first = next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*first, wire::to_keeper{wire::hello_frame{.pid = ::getpid()}});
  EXPECT_EQ(heard.client->member_marker("a/b"_node, 2), "7.8/a/b/2");
}

TEST_F(Client, refuses_another_protocol_version) {
  say(wire::welcome_frame{.version = 99});
  const auto attached = keeper::client::attach(std::move(daemon_end), {});
  ASSERT_FALSE(attached.ok());
  EXPECT_EQ(attached.failure().kind, error_kind::conflict);
  EXPECT_EQ(attached.failure().message,
            "the keeper speaks protocol version 99, this daemon " + std::to_string(wire::keeper_protocol_version));
}

TEST_F(Client, a_keeper_that_goes_away_or_talks_nonsense_is_an_error) {
  say(wire::welcome_frame{});
  say(wire::reaped_frame{1});
  EXPECT_EQ(keeper::client::attach(std::move(daemon_end), {}).failure().kind, error_kind::invalid_input);
  SetUp();
  keeper_end.reset();
  EXPECT_EQ(keeper::client::attach(std::move(daemon_end), {}).failure().kind, error_kind::unavailable);
  EXPECT_EQ(keeper::client::attach(unique_fd{}, {}).failure().kind, error_kind::invalid_input);
}

TEST_F(Client, takes_the_inventory_once_with_its_descriptors) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd read_end{ends[0]};
  const unique_fd write_end{ends[1]};
  const int fds[] = {read_end.get(), read_end.get(), write_end.get()};
  say(wire::welcome_frame{});
  say(wire::child_frame{"a/b"_node, 3, 42, "note", 1500, exit_status::code(1), {"pidfd", "err", "ready"}}, fds);
  say(wire::child_frame{"a/c"_node, 1, 43, "", 0, std::nullopt, {"pidfd"}}, {fds, 1});
  say(wire::inventory_end_frame{});
  listener heard{std::move(daemon_end)};
  const auto inventory = heard.client->take_inventory();
  ASSERT_EQ(inventory.size(), 2U);
  EXPECT_EQ(inventory[0].id, "a/b"_node);
  EXPECT_EQ(inventory[0].exited, exit_status::code(1));
  EXPECT_EQ(inventory[0].started.time_since_epoch().count(), 1500);
  EXPECT_TRUE(inventory[0].held[holding::pidfd].valid());
  EXPECT_FALSE(inventory[0].held[holding::out].valid());
  EXPECT_TRUE(inventory[0].held[holding::err].valid());
  EXPECT_FALSE(inventory[0].held[holding::notify].valid());
  EXPECT_TRUE(inventory[0].held[holding::ready].valid());
  EXPECT_TRUE(inventory[1].held[holding::pidfd].valid());
  EXPECT_FALSE(inventory[1].held[holding::out].valid());
  EXPECT_TRUE(heard.client->take_inventory().empty());
}

TEST_F(Client, has_at_most_16_spawns_on_the_wire) {
  welcome();
  listener heard{std::move(daemon_end)};
  for (int i = 0; i < 20; ++i)
    heard.client->spawn(shell({"t", std::to_string(i)}, "exit"));
  auto asked = spawns();
  ASSERT_EQ(asked.size(), keeper::client::spawn_window);
  say(wire::spawned_frame{asked[0].id, 1, 99, 0, {}});
  say(wire::spawn_failed_frame{asked[1].id, 1, wire::spawn_stage::directory, ENOENT});
  ASSERT_TRUE(heard.until_spawned(1));
  ASSERT_TRUE(heard.until_failed(1));
  EXPECT_EQ(heard.failed[0].why.message, "could not start: chdir /: no such file or directory (ENOENT)");
  EXPECT_EQ(heard.failed[0].why.kind, error_kind::not_found);
  asked = spawns();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].id, "t/16"_node);
  EXPECT_EQ(asked[1].id, "t/17"_node);
}

TEST_F(Client, keeps_the_descriptors_of_a_start_that_the_keeper_does_not_come_to_answer) {
  welcome();
  listener heard{std::move(daemon_end)};
  for (const auto& id : {"t/a"_node, "t/b"_node, "t/c"_node})
    heard.client->spawn(shell(id, "exit"));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd read_end{ends[0]};
  unique_fd write_end{ends[1]};
  const int fds[] = {read_end.get()};
  const wire::held_names out{"out"};
  say(wire::starting_frame{"t/a"_node, 1, out}, fds);
  say(wire::spawned_frame{"t/a"_node, 1, 99, 0, {}});
  say(wire::starting_frame{"t/b"_node, 1, out}, fds);
  say(wire::starting_frame{"t/unknown"_node, 1, out}, fds);
  keeper_end.reset();
  ASSERT_TRUE(heard.until([&] { return heard.lost; }));
  const auto unanswered = heard.client->take_unanswered();
  ASSERT_EQ(unanswered.size(), 2U);
  EXPECT_EQ(unanswered[0].id, "t/b"_node);
  ASSERT_TRUE(unanswered[0].begun);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  char got = 0;
  EXPECT_EQ(::read(unanswered[0].begun.value()[holding::out].get(), &got, 1), 1);
  EXPECT_EQ(unanswered[1].id, "t/c"_node);
  EXPECT_FALSE(unanswered[1].begun);
}

TEST_F(Client, sends_the_program_it_found_and_the_marker_but_no_older_one) {
  welcome();
  listener heard{std::move(daemon_end)};
  auto what = launch_of("t/a"_node, {"sh"}, 5);
  what.start.environment["ALDER_MEMBER"] = "1.1/other/1";
  heard.client->spawn(what);
  const auto asked = spawns();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].start.command, std::vector<std::string>{"sh"});
  EXPECT_EQ(asked[0].program.front(), '/');
  using variables = std::map<std::string, std::string>;
  EXPECT_EQ(asked[0].start.environment,
            (variables{{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"ALDER_MEMBER", "7.8/t/a/5"}}));
}

TEST_F(Client, what_cannot_be_started_fails_without_the_keeper) {
  welcome();
  listener heard{std::move(daemon_end)};
  (void)next();
  heard.client->spawn(launch_of("t/missing"_node, {"no-such-program"}));
  auto nowhere = shell("t/nowhere"_node, "exit");
  nowhere.start.cwd = "/no/where";
  heard.client->spawn(nowhere);
  heard.client->spawn(launch_of("t/large"_node, {"sh", std::string(200'000, 'x')}));
  heard.client->spawn(launch_of("t/nul"_node, {"sh", std::string("a\0b", 3)}));
  EXPECT_TRUE(heard.failed.empty()); // never from inside spawn()
  EXPECT_TRUE(heard.client->wants_write());
  ASSERT_TRUE(heard.until_failed(4));
  EXPECT_EQ(heard.failed[0].why.message,
            "could not start: 'no-such-program' was not found in PATH (/usr/local/bin:/usr/bin:/bin)");
  EXPECT_EQ(heard.failed[1].why.message, "could not start: the working directory /no/where does not exist");
  EXPECT_EQ(heard.failed[2].why.message, "could not start: command and environment exceed 192 KiB");
  EXPECT_EQ(heard.failed[2].why.kind, error_kind::too_large);
  EXPECT_EQ(heard.failed[3].why.kind, error_kind::invalid_input);
  EXPECT_FALSE(heard.client->wants_write());
  EXPECT_TRUE(spawns().empty());
}

TEST_F(Client, keeps_what_the_channel_does_not_take_and_sends_it_in_order) {
  welcome();
  listener heard{std::move(daemon_end)};
  constexpr generation many = 3000;
  for (generation i = 1; i <= many; ++i)
    heard.client->acknowledge("t/a"_node, i);
  EXPECT_TRUE(heard.client->wants_write());
  ASSERT_TRUE(std::holds_alternative<wire::hello_frame>(*next()));
  generation seen = 0;
  const auto deadline = steady::now() + patience;
  while (seen < many && steady::now() < deadline) {
    while (const auto frame = next())
      EXPECT_EQ(std::get<wire::acknowledge_frame>(*frame).generation, ++seen);
    heard.client->on_writable();
  }
  EXPECT_EQ(seen, many);
}

TEST_F(Client, refuses_a_note_that_is_too_long) {
  welcome();
  listener heard{std::move(daemon_end)};
  EXPECT_TRUE(heard.client->set_note("t/a"_node, 1, std::string(wire::max_keeper_note, 'x')).ok());
  EXPECT_EQ(heard.client->set_note("t/a"_node, 1, std::string(wire::max_keeper_note + 1, 'x')).failure().kind,
            error_kind::too_large);
}

TEST_F(Client, says_lost_once_when_the_keeper_is_gone_or_breaks_the_protocol) {
  welcome();
  listener first{std::move(daemon_end)};
  keeper_end.reset();
  EXPECT_TRUE(first.until([&] { return first.lost; }));
  EXPECT_FALSE(first.client->wants_write());
  first.lost = false;
  first.client->on_readable();
  EXPECT_FALSE(first.lost);

  SetUp();
  welcome();
  listener second{std::move(daemon_end)};
  ASSERT_EQ(os::send_record(keeper_end.get(), "garbage", {}), os::transfer::done);
  EXPECT_TRUE(second.until([&] { return second.lost; }));
}

} // namespace
} // namespace alder::test
