#include "actors/host/keeper_host.hpp"

#include "tests/actors/support/played_keeper.hpp"
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "actors/base/runtime.hpp"
#include "actors/logs/log_hub.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/unix_socket.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A host whose keeper is the test, with one process that runs, has an IPC channel and reads a pipe. What the host
/// does is noted in order, as is that it had the journal written.
class KeeperHost : public ::testing::Test {
protected:
  void SetUp() override {
    auto channel = os::record_pair(wire::max_keeper_frame);
    ASSERT_TRUE(channel.ok());
    keeper_end = std::move(channel->first);
    std::array<int, 2> ipc{};
    std::array<int, 2> input{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ipc.data()), 0);
    ASSERT_EQ(::pipe2(input.data(), O_NONBLOCK | O_CLOEXEC), 0);
    ipc_end = unique_fd{ipc[0]};
    input_end = unique_fd{input[0]};
    const unique_fd given_ipc{ipc[1]};
    const unique_fd given_input{input[1]};
    child = ::fork();
    if (child == 0) {
      (void)::pause();
      ::_exit(0);
    }
    auto pidfd = os::open_pidfd(child);
    ASSERT_TRUE(pidfd.ok());
    say(wire::welcome_frame{.epoch = 1, .keeper_pid = ::getpid(), .keeper_start_ticks = 8, .mark = "7.8"});
    const wire::held_names held{"pidfd", "input", "ipc"};
    const std::array<int, 3> fds{pidfd->get(), given_input.get(), given_ipc.get()};
    say(wire::child_frame{web.node, web.generation, child, "0", 1500, std::nullopt, held}, fds);
    say(wire::inventory_end_frame{});
    host.before_acting([this] {
      happened += effects(); // what was done before belongs before
      happened += "written ";
    });
    logs.shared = &shared;
    ASSERT_TRUE(host.attach(std::move(channel->second)));
    (void)effects(); // the hello
    happened.clear();
  }
  void TearDown() override {
    (void)::kill(child, SIGKILL);
    (void)::waitpid(child, nullptr, 0);
  }

  void say(const wire::to_daemon& frame, std::span<const int> fds = {}) {
    ASSERT_EQ(os::send_record(keeper_end.get(), wire::encode(frame), fds), os::transfer::done);
  }

  /// What has reached the keeper and the process since the last look.
  std::string effects() {
    std::string all;
    for (os::record got; os::receive_record(keeper_end.get(), wire::max_keeper_frame, got) == os::transfer::done;) {
      const auto frame = wire::decode_to_keeper(got.bytes);
      all += frame && std::holds_alternative<wire::spawn_frame>(*frame) ? "spawn " : "frame ";
    }
    std::array<char, 4096> bytes{};
    if (::read(ipc_end.get(), bytes.data(), bytes.size()) > 0) all += "message ";
    if (::read(input_end.get(), bytes.data(), bytes.size()) > 0) all += "input ";
    return all;
  }

  /// The order in which it all happened; that nothing had to be written any more counts as well as that it was.
  template <class Act> std::string order_of(Act act) {
    happened.clear();
    act();
    happened += effects();
    for (auto twice = happened.find("written written "); twice != std::string::npos;
         twice = happened.find("written written "))
      happened.erase(twice, 8);
    return happened;
  }

  test::temporary_directory dir;
  unique_fd keeper_end, ipc_end, input_end;
  int child = 0;
  const process_id web{"shop/web"_node, 1};
  std::string happened;
  boost::asio::io_context loop;
  log_hub logs{loop, dir.path()};
  keeper_host host{loop, logs, {[](int) {}, [] {}, [](const std::string&) {}}};
  runtime shared{host, {}, os::wall_now, {}, {}};
};

TEST_F(KeeperHost, WhateverItDoesIsWrittenDownFirst) {
  service_spec spec;
  spec.name = "web";
  spec.command = {"true"};
  spec.cwd = "/";
  spec.ready.check = ready_exec{{"true"}};
  spec.health = health_spec{ready_exec{{"true"}}};
  EXPECT_EQ(order_of([&] { host.run_command(web, spec, {"true"}); }), "written spawn ") << "a stop command";
  EXPECT_EQ(order_of([&] { host.run_hook(web, spec, {1, {"true"}, {}}, {}); }), "written spawn ") << "a hook";
  EXPECT_EQ(order_of([&] { host.check_ready(web, spec); }), "written spawn ");
  EXPECT_EQ(order_of([&] { host.check_health(web, spec, 1); }), "written spawn ");
  EXPECT_EQ(order_of([&] { host.launch({"shop/db"_node, 1}, spec, {}, {}); }), "written spawn ");
  EXPECT_EQ(order_of([&] { EXPECT_TRUE(host.send_message(web, "\"shutdown\"")); }), "written message ")
      << "a stop step";
  EXPECT_EQ(order_of([&] { EXPECT_TRUE(host.send_message(web.node, "{}")); }), "written message ");
  EXPECT_EQ(order_of([&] { EXPECT_TRUE(host.send_input(web.node, "quit\n")); }), "written input ");
  EXPECT_EQ(order_of([&] { host.set_note(web, {1}); }), "written frame ");
  EXPECT_EQ(order_of([&] { host.signal_all(web, SIGCONT, /*main_only=*/true); }), "written ");
  EXPECT_EQ(order_of([&] { host.kill_all(web); }), "written ");
  EXPECT_EQ(order_of([&] {
              host.act().ready();
              host.flush();
            }),
            "written frame ");
}

TEST_F(KeeperHost, WhatHappenedWhileNobodyLookedIsToldToTheNextOwner) {
  const auto first = std::make_shared<listening_owner>();
  host.launch(web, service_spec{}, {}, first);
  EXPECT_THAT(first->take(), ElementsAre("adopted"));
  host.abandon(web, nullptr);
  host.abandon(web, first.get());
  say(wire::exited_frame{web.node, web.generation, child, exit_status::code(3)});
  loop.poll();
  EXPECT_FALSE(host.is_alive(web));
  EXPECT_THAT(first->take(), IsEmpty());
  const auto left = host.left_behind(web.node);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].exited, exit_status::code(3));
  const auto second = std::make_shared<listening_owner>();
  host.launch(web, service_spec{}, {}, second);
  EXPECT_THAT(second->take(), ElementsAre("adopted", "exited 3"));
}

TEST_F(KeeperHost, AnExitIsToldOnceToWhoeverOwnsTheProcess) {
  const auto owner = std::make_shared<listening_owner>();
  host.launch(web, service_spec{}, {}, owner);
  (void)owner->take();
  say(wire::exited_frame{web.node, web.generation, child + 1, exit_status::code(0)}); // of a former main process
  loop.poll();
  EXPECT_TRUE(host.is_alive(web));
  say(wire::exited_frame{web.node, web.generation, child, exit_status::code(0)});
  loop.poll();
  EXPECT_THAT(owner->take(), ElementsAre("exited 0"));
}

TEST_F(KeeperHost, AStartThatTheKeeperRefusesLeavesNothingBehind) {
  const auto owner = std::make_shared<listening_owner>();
  const process_id db{"shop/db"_node, 1};
  service_spec spec;
  spec.name = "db";
  spec.command = {"true"};
  spec.cwd = "/";
  host.launch(db, spec, {}, owner);
  say(wire::spawn_failed_frame{db.node, db.generation, wire::spawn_stage::process, EAGAIN});
  loop.poll();
  const auto told = owner->take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].rfind("refused: create a process", 0), 0u) << told[0];
  EXPECT_THAT(host.left_behind(db.node), IsEmpty());
  EXPECT_EQ(host.last_generation(db.node), 1u) << "its number is used";
}

TEST_F(KeeperHost, AProcessNobodyWantsIsForgottenWhenItIsGone) {
  std::vector<process_id> released;
  host.on_released = [&](const process_id& id) { released.push_back(id); };
  host.discard(web);
  EXPECT_THAT(released, IsEmpty());
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  say(wire::exited_frame{web.node, web.generation, child, exit_status::signal(SIGKILL)});
  loop.poll();
  EXPECT_THAT(released, ElementsAre(web));
  EXPECT_THAT(host.left_behind(web.node), IsEmpty());
}

} // namespace
} // namespace alder::actors::testing
